import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { nowMs, type HistoryEvent } from './events.ts'
import type { WorkerVerbs } from './worker-verbs.ts'

const script = fileURLToPath(new URL('./worker.mjs', import.meta.url))

/** A process that takes locks. */
export interface Worker {
  readonly name: string
  ask<Verb extends keyof WorkerVerbs>(
    verb: Verb,
    options: Parameters<WorkerVerbs[Verb]>[0],
  ): Promise<ReturnType<WorkerVerbs[Verb]>>
  /** SIGSTOP. */
  pause(): void
  /** SIGCONT. */
  resume(): void
  /** SIGKILL. What it was asked is never answered. */
  kill(): Promise<void>
}

/** The one who writes down what the workers tell. */
export interface Recorder {
  readonly history: readonly HistoryEvent[]
  /** Forgets what happened so far. */
  clear(): void
  /** The first event of that kind, as soon as it is there. */
  event<Type extends HistoryEvent['type']>(
    type: Type,
    isIt: (event: Extract<HistoryEvent, { type: Type }>) => boolean,
  ): Promise<Extract<HistoryEvent, { type: Type }>>
  /** Starts a worker. It ends with this process at the latest. */
  start(name: string): Promise<Worker>
  /** Ends all workers. */
  stop(): Promise<void>
}

type Told =
  | { readonly event: HistoryEvent }
  | { readonly id: number; readonly answer?: unknown; readonly failure?: string }
  | { readonly ready: true }

/** Opens a recorder without workers. */
export function createRecorder(): Recorder {
  const history: HistoryEvent[] = []
  const watchers = new Set<(event: HistoryEvent) => void>()
  const children = new Set<ChildProcess>()
  const record = (event: HistoryEvent): void => {
    // One clock: nothing is heard of before it has happened.
    if (event.atMs > nowMs()) throw new Error(`The clock of ${event.worker} is another one`)
    history.push(event)
    for (const watch of watchers) watch(event)
  }
  return {
    history,
    clear: () => void history.splice(0),
    event: (type, isIt) =>
      new Promise((resolve) => {
        const watch = (event: HistoryEvent): void => {
          if (!isOfType(event, type) || !isIt(event)) return
          watchers.delete(watch)
          resolve(event)
        }
        watchers.add(watch)
        for (const event of history) watch(event)
      }),
    async start(name) {
      const child = fork(script, [name], { execArgv: [], serialization: 'advanced' })
      children.add(child)
      child.once('exit', () => children.delete(child))
      const worker = workerOf(name, child, record)
      await once(child, 'message')
      return worker
    },
    async stop() {
      const gone = [...children].map((child) => once(child, 'exit'))
      for (const child of children) child.kill('SIGKILL')
      await Promise.all(gone)
    },
  }
}

function isOfType<Type extends HistoryEvent['type']>(
  event: HistoryEvent,
  type: Type,
): event is Extract<HistoryEvent, { type: Type }> {
  return event.type === type
}

function workerOf(
  name: string,
  child: ChildProcess,
  record: (event: HistoryEvent) => void,
): Worker {
  const asked = new Map<number, { answer(value: unknown): void; fail(error: Error): void }>()
  let count = 0
  child.on('message', (told: Told) => {
    if ('event' in told) record(told.event)
    if (!('id' in told)) return
    const caller = asked.get(told.id)
    asked.delete(told.id)
    if (told.failure === undefined) caller?.answer(told.answer)
    else caller?.fail(new Error(`${name}: ${told.failure}`))
  })
  return {
    name,
    ask: (verb, args) =>
      new Promise((answer, fail) => {
        const id = ++count
        asked.set(id, { answer, fail })
        child.send({ id, verb, args })
      }),
    pause: () => void child.kill('SIGSTOP'),
    resume: () => void child.kill('SIGCONT'),
    async kill() {
      const gone = once(child, 'exit')
      child.kill('SIGKILL')
      await gone
    },
  }
}
