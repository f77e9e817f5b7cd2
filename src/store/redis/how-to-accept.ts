/** What an operator runs to accept a loss: in a checkout, and in the image. */
export function acceptCommand(what: string): string {
  return `npm run accept-store -- ${what} (in the image: node dist/commands/accept-store.js ${what})`
}
