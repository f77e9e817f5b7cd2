/**
 * Half a surrogate pair is no text, and the replacement character says that something was not UTF-8. Either
 * would be sent on or stored as another text than the caller meant (Unicode, 3.9).
 */
export const TEXT = '^[^\\p{Cs}\\ufffd]*$'

/**
 * What shows nothing: white space, control characters, what Unicode says may be ignored, and the empty
 * Braille cell.
 */
const BLANK = '\\s\\p{Z}\\p{Cc}\\p{Cf}\\p{Default_Ignorable_Code_Point}\\u2800'

/** Text of which something can be seen. */
export const VISIBLE_TEXT = `^[${BLANK}]*[^${BLANK}\\p{Cs}\\ufffd][^\\p{Cs}\\ufffd]*$`
