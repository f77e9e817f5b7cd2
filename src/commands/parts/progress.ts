import { SingleBar } from 'cli-progress'

/** Tells a person how far it is, on standard error. */
export type Progress = Readonly<{
  begin(total: number, done: number): void
  /** `differs`: how much differs so far. */
  step(done: number, differs: number): void
  /** Whatever it was; nothing is told after that. */
  end(): void
}>

/** How often a line is written where there is no terminal. */
const LINE_EVERY_MS = 10_000

/** A bar on a terminal; else a line at the beginning and now and then. */
export function createProgress(): Progress {
  return process.stderr.isTTY ? createBar() : createLines()
}

function createBar(): Progress {
  const bar = new SingleBar({
    format: '{bar} {value} of {total} payments, {differs} differ, {eta_formatted} left',
    stream: process.stderr,
    hideCursor: true,
    // Ctrl-C is for whoever has begun this.
    gracefulExit: false,
    emptyOnZero: true,
  })
  return {
    begin: (total, done) => bar.start(total, done, { differs: 0 }),
    step: (done, differs) => bar.update(done, { differs }),
    end: () => bar.stop(),
  }
}

function createLines(): Progress {
  let total = 0
  let toldAt = 0
  const tell = (done: number, more: string) => {
    toldAt = performance.now()
    process.stderr.write(`${done} of ${total} payments${more}\n`)
  }
  return {
    begin(all, done) {
      total = all
      tell(done, '')
    },
    step(done, differs) {
      if (performance.now() - toldAt >= LINE_EVERY_MS) tell(done, `, ${differs} differ`)
    },
    end() {},
  }
}
