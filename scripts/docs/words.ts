import { KOREAN } from './korean.ts'

export type Language = 'english' | 'korean'

/** The language of a page, by its path. */
export function languageOf(path: string): Language {
  return path.startsWith('docs/ko/') ? 'korean' : 'english'
}

/** The text in this language. A text that is changed loses its translation, and then throws, so that none grows old. */
export function say(english: string, language: Language): string {
  if (language === 'english') return english
  const korean = KOREAN[english]
  if (korean === undefined) throw new Error(`scripts/docs/korean.ts has no Korean for: ${english}`)
  return korean
}
