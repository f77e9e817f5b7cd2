/**
 * The version of the service and of its document, the same as in package.json: a test holds them equal. It is
 * not read from there, since a copy of the compiled files needs no package.json.
 */
export const VERSION = '1.0.0'
