/** What a person runs. */
export type Command<Task> = Readonly<{
  /** What `--help` tells, and a wrong use. */
  usage: string
  /** What the arguments ask for. Throws an Error that says what is wrong with them. */
  read(args: readonly string[]): Task
  /** Does it; answers whether all is well. Throws an Error that says why it could not be done. */
  run(task: Task, print: (text: string) => void): boolean | Promise<boolean>
  /** The status of a wrong use, and where it could not be done; absent: 1, as where all is not well. */
  failureStatus?: number
}>

/**
 * Runs a command with the arguments of this process. Status 0: all is well, or `--help` was asked for. Status
 * 1: it is not, or the command was used wrongly, which may have a status of its own; what went wrong is on standard
 * error, a wrong use with the usage.
 */
export async function runCommand<Task>({
  usage,
  read,
  run,
  failureStatus = 1,
}: Command<Task>): Promise<void> {
  const args = process.argv.slice(2)
  if (args.includes('--help') || args.includes('-h')) return print(usage)
  let task: Task
  try {
    task = read(args)
  } catch (error) {
    return fail(`${(error as Error).message}\n\n${usage}`, failureStatus)
  }
  try {
    if (!(await run(task, print))) process.exitCode = 1
  } catch (error) {
    fail((error as Error).message, failureStatus)
  }
}

function print(text: string): void {
  process.stdout.write(`${text}\n`)
}

function fail(text: string, status: number): void {
  process.stderr.write(`${text}\n`)
  process.exitCode = status
}
