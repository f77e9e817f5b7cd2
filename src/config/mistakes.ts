/** The environment does not make a `Config`. `mistakes` holds one line for each thing to mend. */
export class ConfigError extends Error {
  readonly mistakes: readonly string[]

  constructor(mistakes: readonly string[]) {
    super(mistakes.join('\n'))
    this.name = 'ConfigError'
    this.mistakes = mistakes
  }
}

export const HIDDEN = 'a hidden value'

/** A value as a mistake shows it: on one line, cut short, and not at all where it may hold a credential. */
export function shown(text: string): string {
  if (/[@?"{]/.test(text)) return HIDDEN
  return JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}...` : text)
}
