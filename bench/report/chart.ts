import { Error as ERRORS_ONLY, logger, parse, View } from 'vega'
import { compile, type TopLevelSpec } from 'vega-lite'

/** Readable on a dark page, too. */
const LOOKS = {
  background: 'white',
  padding: 8,
  config: {
    font: 'Helvetica, Arial, sans-serif',
    axis: { labelFontSize: 11, titleFontSize: 11, gridColor: '#e4e4e4', domainColor: '#888' },
    header: { labelFontSize: 12, titleFontSize: 12 },
    title: { fontSize: 14, anchor: 'start', offset: 12 },
    legend: { labelFontSize: 11, titleFontSize: 11 },
    view: { stroke: null },
  },
} as const satisfies Partial<TopLevelSpec>

/** A chart as SVG text. */
export async function drawSvg(spec: TopLevelSpec): Promise<string> {
  const compiled = compile({ ...LOOKS, ...spec }, { logger: logger(ERRORS_ONLY) })
  const view = new View(parse(compiled.spec), { renderer: 'none' })
  const svg = await view.toSVG()
  view.finalize()
  return `${svg}\n`
}
