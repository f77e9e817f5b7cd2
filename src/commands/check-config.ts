import { parseArgs } from 'node:util'
import { checkConfig } from './parts/check-config.ts'
import { runCommand } from './parts/run-command.ts'

const USAGE = `Prints the configuration in effect, its secrets masked, and tries what it names: Redis and what it promises, and a
token call for each account. It refunds nothing and leaves the store as it is.

Usage, in the environment of the gateway: node dist/commands/check-config.js     (or: npm run check-config)

Status 0: refunds would be taken. Status 1: they would not, and a line that begins with "wrong" says why.
A private Redis is started for it, so not while a gateway runs on that DATA_DIR.`

await runCommand({
  usage: USAGE,
  read: (args) => parseArgs({ args: [...args] }),
  run: (_, print) => checkConfig(process.env, print),
})
