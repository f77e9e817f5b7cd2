// Makes a fresh clone ready to run: npm dependencies and, unless --dependencies-only, a redis-server.
// Says nothing and changes nothing where both are there.

import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const NODE_NEEDED = [20, 19]
const REDIS_MAJOR_NEEDED = 7

/**
 * How to install redis-server, tried in this order. Only the program is wanted: Debian's package also starts
 * and enables a service, which RUNLEVEL (sysvinit), SYSTEMD_OFFLINE (systemd) and update-rc.d prevent.
 */
const PACKAGE_MANAGERS = [
  {
    name: 'apt-get',
    environment: ['DEBIAN_FRONTEND=noninteractive', 'RUNLEVEL=1', 'SYSTEMD_OFFLINE=1'],
    commands: [
      'apt-get update --quiet',
      'apt-get install --yes --quiet --no-install-recommends redis-server',
      'update-rc.d redis-server disable',
    ],
  },
  { name: 'dnf', commands: ['dnf install --assumeyes --quiet redis'] },
  { name: 'apk', commands: ['apk add --no-cache --quiet redis'] },
  { name: 'pacman', commands: ['pacman -Sy --needed --noconfirm redis'] },
  { name: 'zypper', commands: ['zypper --non-interactive --quiet install redis'] },
  { name: 'brew', commands: ['brew install --quiet redis'], asAnyUser: true },
]

requireNode()
installDependencies()
if (!process.argv.includes('--dependencies-only') && !process.env.REDIS_URL) installRedis()

function requireNode() {
  const [major, minor] = process.versions.node.split('.').map(Number)
  const [neededMajor, neededMinor] = NODE_NEEDED
  if (major > neededMajor || (major === neededMajor && minor >= neededMinor)) return
  fail(`Node.js ${NODE_NEEDED.join('.')} or newer is needed, and this is ${process.versions.node}.`)
}

function installDependencies() {
  if (dependenciesAreInstalled()) return
  say('installing the npm dependencies')
  // NODE_ENV=production alone would leave out what builds and tests; no dependency needs its install script.
  if (!run(['npm', 'ci', '--include=dev', '--ignore-scripts'])) fail('npm ci failed; its messages are above.')
}

/** Whether node_modules holds what package-lock.json lists, by the lock file that npm keeps of what it installed. */
function dependenciesAreInstalled() {
  const installed = readPackages('node_modules/.package-lock.json')
  return Object.entries(readPackages('package-lock.json')).every(([path, wanted]) => {
    const found = installed[path]
    if (path === '') return true
    if (found === undefined) return wanted.optional === true
    return found.version === wanted.version && found.integrity === wanted.integrity
  })
}

function readPackages(lockFile) {
  try {
    return JSON.parse(readFileSync(new URL(`../${lockFile}`, import.meta.url), 'utf8')).packages
  } catch (error) {
    if (error.code === 'ENOENT') return {}
    throw error
  }
}

function installRedis() {
  if (redisIsFine()) return
  const manager = PACKAGE_MANAGERS.find(
    ({ name, asAnyUser }) => exists(name) && (asAnyUser || mayBecomeRoot()),
  )
  if (manager !== undefined) {
    say(`installing redis-server with ${manager.name}`)
    const asRoot = manager.asAnyUser || isRoot() ? [] : ['sudo', '-n']
    for (const command of manager.commands) {
      // A failure shows in what comes next: an update that missed one source may still have found Redis.
      run([...asRoot, 'env', ...(manager.environment ?? []), ...command.split(' ')])
    }
  }
  if (redisIsFine()) return
  fail(
    `redis-server ${REDIS_MAJOR_NEEDED}.0 or newer is needed on the PATH: install it (apt-get install redis-server, brew install redis), or set REDIS_URL to a running one.`,
  )
}

function redisIsFine() {
  const { stdout } = spawnSync('redis-server', ['--version'], { encoding: 'utf8' })
  const [, major] = / v=(\d+)\./.exec(stdout ?? '') ?? []
  return Number(major) >= REDIS_MAJOR_NEEDED
}

function exists(command) {
  return spawnSync(command, ['--version']).error === undefined
}

function isRoot() {
  return process.getuid?.() === 0
}

function mayBecomeRoot() {
  return isRoot() || spawnSync('sudo', ['-n', 'true']).status === 0
}

/** Runs a command in the repository, its output on standard error; true where it went well. */
function run([command, ...args]) {
  const cwd = fileURLToPath(new URL('..', import.meta.url))
  return spawnSync(command, args, { cwd, stdio: ['ignore', 2, 2] }).status === 0
}

function say(sentence) {
  process.stderr.write(`setup: ${sentence}\n`)
}

function fail(sentence) {
  say(sentence)
  process.exit(1)
}
