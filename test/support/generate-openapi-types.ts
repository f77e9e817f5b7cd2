import openapiTypescript, { astToString } from 'openapi-typescript'

/** TypeScript types of the document, as a caller would generate them. */
export async function openapiTypes(openapiText: string): Promise<string> {
  return `// Made by npm run openapi.\n\n${astToString(await openapiTypescript(openapiText))}`
}
