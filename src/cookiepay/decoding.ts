import { brotliDecompressSync, gunzipSync, inflateRawSync, inflateSync } from 'node:zlib'
import iconv from 'iconv-lite'

/** What an answer says of how it is written (RFC 9110, 8.3 and 8.4). */
export type Declared = Readonly<{
  contentType: string | string[] | undefined
  contentEncoding: string | string[] | undefined
}>

/** Drops a byte order mark, which PHP files are prone to send. */
const UTF8 = new TextDecoder()
const UTF8_MARK = Buffer.from([0xef, 0xbb, 0xbf])

/**
 * A declared charset that is EUC-KR, or CP949, which holds all of it, by one of their names. Not for
 * TextDecoder: that of Node.js 20 knows none but the 2,350 syllables of EUC-KR.
 */
const KOREAN =
  /;\s*charset\s*=\s*["']?(?:x-|cs)?(?:euc-?kr|(?:cp|ms|windows-?)?949|uhc|korean|ks_?c_?5601(?:[-_]?19(?:87|89))?|iso-ir-149)["']?\s*(?:[;,]|$)/i

/** More than one is rare; each may take up to the longest answer's length of memory. */
const MOST_CODINGS = 3

/**
 * An answer as text, in the charset that it declares; UTF-8 where it declares none or any that is not Korean,
 * as JSON is to be (RFC 8259, 8.1). What is not of that charset becomes U+FFFD. Throws where its content
 * coding cannot be undone or what comes out is longer than `maxBytes`.
 */
export function decodeAnswer(body: Buffer, declared: Declared, maxBytes: number): string {
  const { contentType, contentEncoding } = declared
  const bytes = contentEncoding === undefined ? body : decompress(body, String(contentEncoding), maxBytes)
  const isKorean = contentType !== undefined && KOREAN.test(String(contentType))
  return isKorean && !bytes.subarray(0, 3).equals(UTF8_MARK)
    ? iconv.decode(bytes, 'cp949')
    : UTF8.decode(bytes)
}

function decompress(body: Buffer, contentEncoding: string, maxBytes: number): Buffer {
  const codings = contentEncoding.toLowerCase().split(/[\s,]+/)
  const applied = codings.filter((coding) => coding !== '' && coding !== 'identity')
  if (applied.length > MOST_CODINGS) throw new Error(`more than ${MOST_CODINGS} content codings`)
  // They are listed in the order in which they were applied.
  return applied.reduceRight((bytes, coding) => undo(coding, bytes, maxBytes), body)
}

function undo(coding: string, bytes: Buffer, maxBytes: number): Buffer {
  const options = { maxOutputLength: maxBytes }
  switch (coding) {
    case 'gzip':
    case 'x-gzip':
      return gunzipSync(bytes, options)
    case 'br':
      return brotliDecompressSync(bytes, options)
    case 'deflate':
      // Servers that leave out the zlib header are common enough for the RFC to say so (RFC 9110, 8.4.1.2).
      return isZlib(bytes) ? inflateSync(bytes, options) : inflateRawSync(bytes, options)
    default:
      throw new Error('a content coding that was not asked for')
  }
}

/** Whether it begins with a zlib header (RFC 1950, 2.2). */
function isZlib(bytes: Buffer): boolean {
  return bytes.length >= 2 && (bytes.readUInt8(0) & 0x0f) === 8 && bytes.readUInt16BE(0) % 31 === 0
}
