// What every file of the page draws with: Preact, its hooks, and htm for markup in plain JavaScript.
import htm from './htm.js'
import { h, render } from './preact.js'

export { useCallback, useEffect, useId, useRef, useState } from './hooks.js'
export { render }

/** Markup as a template. A value within it is text or an element, and never markup. */
export const html = htm.bind(h)
