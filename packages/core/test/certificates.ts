import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** A self-signed certificate for `localhost`, in files as a server wants them. */
export interface Certificate {
  readonly certFile: string
  readonly keyFile: string
  /** The certificate, as a client trusts it. */
  readonly ca: string
  remove(): Promise<void>
}

/** Makes one by openssl, for a name and the addresses of this machine. */
export async function makeCertificate(names = 'DNS:localhost,IP:127.0.0.1'): Promise<Certificate> {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-certificate-'))
  const [certFile, keyFile] = [join(folder, 'cert.pem'), join(folder, 'key.pem')]
  await run('openssl', [
    ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'],
    ...['-keyout', keyFile, '-out', certFile, '-days', '2', '-subj', '/CN=localhost'],
    ...['-addext', `subjectAltName=${names}`],
  ])
  return {
    certFile,
    keyFile,
    ca: await readFile(certFile, 'utf8'),
    remove: () => rm(folder, { recursive: true, force: true }),
  }
}

/** What a server is started with to speak TLS on `port`, beside its own port. */
export function tlsArguments({ certFile, keyFile }: Certificate, port: number): string[] {
  return [
    ...['--tls-port', String(port), '--tls-auth-clients', 'no', '--tls-ca-cert-file', certFile],
    ...['--tls-cert-file', certFile, '--tls-key-file', keyFile],
  ]
}

/** A port that nothing listens on. */
export async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}
