import type { TopLevelSpec } from 'vega-lite'
import type { SoakResults, SoakSample } from '../results.ts'
import { judgeFlatness } from '../soak/flatness.ts'
import { drawSvg } from './chart.ts'
import { machineText } from './machine-text.ts'
import { image, table } from './markdown.ts'
import type { Section } from './section.ts'

export async function soakSection(results: SoakResults): Promise<Section> {
  const { machine, command, samples, answers, requestsPerSecond } = results
  const flatness = judgeFlatness(samples)
  const minutes = ((samples.at(-1)?.seconds ?? 0) / 60).toFixed(0)
  return {
    charts: { 'soak.svg': await drawSvg(soakChart(samples)) },
    text: [
      machineText(machine, command),
      `${minutes} minutes at ${requestsPerSecond} requests a second. The first third is warm-up; flat is what is no larger in the last third than in the second, by their medians and but for chance.`,
      image('Memory, handles and latency over the time of the soak', 'soak.svg'),
      table([
        ['', 'second third', 'last third', 'ratio', ''],
        ...flatness.map(({ what, second, last, ratio, isFlat }) => [
          what,
          second.toFixed(1),
          last.toFixed(1),
          ratio.toFixed(2),
          isFlat ? 'flat' : '**grows**',
        ]),
      ]),
      table([
        ['answer', 'how often'],
        ...Object.entries(answers)
          .sort(([, a], [, b]) => b - a)
          .map(([answer, count]) => [answer, count.toLocaleString('en-US')]),
      ]),
    ].join('\n\n'),
  }
}

/** What is drawn together shares a unit. */
const PANELS: readonly Readonly<{
  title: string
  scale: 'linear' | 'log'
  members: Partial<Record<keyof SoakSample, string>>
}>[] = [
  { title: 'MiB, gateway', scale: 'linear', members: { rssMib: 'RSS', heapMib: 'heap in use' } },
  { title: 'MiB, Redis', scale: 'linear', members: { redisMib: 'Redis' } },
  {
    title: 'count',
    scale: 'linear',
    members: { handles: 'active handles', openFiles: 'open files', unsettled: 'unsettled refunds' },
  },
  { title: 'ms', scale: 'log', members: { p50Ms: 'p50', p99Ms: 'p99' } },
]

function soakChart(samples: readonly SoakSample[]): TopLevelSpec {
  return {
    title: 'A gateway under steady load, with the faults of the sandbox mixed in',
    data: { values: samples.map((sample) => ({ ...sample, minutes: sample.seconds / 60 })) },
    vconcat: PANELS.map(({ title, scale, members }) => ({
      width: 760,
      height: 120,
      layer: Object.entries(members).map(([member, name]) => ({
        mark: { type: 'line' as const, strokeWidth: 1.2 },
        encoding: {
          x: {
            field: 'minutes',
            type: 'quantitative' as const,
            title: 'minutes',
            scale: { nice: false },
          },
          y: { field: member, type: 'quantitative' as const, title, scale: { type: scale } },
          color: { datum: name, type: 'nominal' as const, title: null },
        },
      })),
    })),
    resolve: { scale: { color: 'independent' } },
  }
}
