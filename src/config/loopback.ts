import { isIPv4 } from 'node:net'

/** Whether only this machine can reach, or be, this host. */
export function isLoopback(host: string): boolean {
  return host.toLowerCase() === 'localhost' || host === '::1' || (isIPv4(host) && host.startsWith('127.'))
}
