// Hooks: what is read of the gateway, and the time that goes by.
import { gatewayNow } from './session.js'
import { useCallback, useEffect, useRef, useState } from './ui.js'

/**
 * Reads by `read(signal)` now, whenever `of` changes, every `everyMs` where that is given, and by `again()`. What was
 * read stays while the same is read anew. `{data, problem, isReading, again}`.
 */
export function useReading(read, of, everyMs) {
  const [found, setFound] = useState({ data: null, problem: null, isReading: true })
  const reader = useRef(read)
  reader.current = read
  const running = useRef(null)
  const again = useCallback(async () => {
    running.current?.abort()
    const controller = new AbortController()
    running.current = controller
    setFound((before) => ({ ...before, isReading: true }))
    try {
      const data = await reader.current(controller.signal)
      if (!controller.signal.aborted) setFound({ data, problem: null, isReading: false })
    } catch (problem) {
      if (problem.name === 'AbortError' || controller.signal.aborted) return
      setFound((before) => ({ ...before, problem, isReading: false }))
    }
  }, [])
  useEffect(() => {
    setFound({ data: null, problem: null, isReading: true })
    again()
    const timer = everyMs && setInterval(() => document.hidden || again(), everyMs)
    return () => {
      clearInterval(timer)
      running.current?.abort()
    }
  }, of)
  return { ...found, again }
}

/** The gateway's time, anew every so often. */
export function useNow(everyMs = 10_000) {
  const [now, setNow] = useState(gatewayNow)
  useEffect(() => {
    const timer = setInterval(() => setNow(gatewayNow()), everyMs)
    return () => clearInterval(timer)
  }, [everyMs])
  return now
}

/** Something that a person starts: `{isRunning, problem, result, start(...), clear()}`; starts once at a time. */
export function useAction(act) {
  const [state, setState] = useState({ isRunning: false, problem: null, result: null })
  const isBusy = useRef(false)
  async function start(...values) {
    if (isBusy.current) return
    isBusy.current = true
    setState({ isRunning: true, problem: null, result: null })
    try {
      setState({ isRunning: false, problem: null, result: await act(...values) })
    } catch (problem) {
      setState({ isRunning: false, problem: problem.name === 'AbortError' ? null : problem, result: null })
    } finally {
      isBusy.current = false
    }
  }
  return { ...state, start, clear: () => setState({ isRunning: false, problem: null, result: null }) }
}
