import { fork } from 'node:child_process'
import { once } from 'node:events'

/** Starts so many processes of a program, which says when it is ready, and answers each message with one. */
export async function startChildren(count, program, args) {
  const children = Array.from({ length: count }, () => fork(program, args))
  await Promise.all(children.map(heard))
  return {
    /** What each of them answers, all told at the same time. */
    tell(message) {
      const answers = children.map(heard)
      for (const child of children) child.send(message)
      return Promise.all(answers)
    },
    stop() {
      for (const child of children) child.kill()
    },
  }
}

async function heard(child) {
  const gone = once(child, 'exit').then(() => Promise.reject(new Error('a process ended early')))
  gone.catch(() => {})
  const [answer] = await Promise.race([once(child, 'message'), gone])
  return answer
}
