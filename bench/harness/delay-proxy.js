// Passes connections on to a Redis, what goes either way so many ms later: a network. Says its port when it listens.
import { connect, createServer } from 'node:net'

const [target, delayMs] = process.argv.slice(2)
const { hostname, port } = new URL(target)

/** Timers of one length end in the order in which they began, so no byte overtakes another. */
function passOn(from, to) {
  from.on('data', (chunk) => setTimeout(() => to.write(chunk), Number(delayMs)))
  from.on('close', () => to.destroy())
  from.on('error', () => {})
}

const server = createServer({ noDelay: true }, (client) => {
  const redis = connect({ host: hostname, port: Number(port), noDelay: true })
  passOn(client, redis)
  passOn(redis, client)
}).listen(0, '127.0.0.1', () => process.send(server.address().port))

process.once('disconnect', () => process.exit())
