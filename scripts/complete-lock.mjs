// Completes package-lock.json after `npm install` on a machine whose registry does not serve every platform's binary
// packages: npm then leaves them out of the lock file, and `npm ci` refuses it everywhere. Their versions are pinned
// exactly by the package that wants them, so each entry is known but for the checksum, which npm checks only where given.
import { readFileSync, writeFileSync } from 'node:fs'

const platform =
  /(android|darwin|freebsd|linux|openharmony|win32)-(arm64|arm|x64|ia32|ppc64|riscv64|s390x)/
const lock = JSON.parse(readFileSync('package-lock.json', 'utf8'))
let added = 0

for (const [path, { optionalDependencies = {} }] of Object.entries(lock.packages)) {
  for (const [name, version] of Object.entries(optionalDependencies)) {
    const [, os, cpu] = platform.exec(name) ?? []
    const at = `node_modules/${name}`
    const known = lock.packages[at] ?? lock.packages[`${path}/${at}`]
    if (known !== undefined || os === undefined || !/^\d+\.\d+\.\d+$/.test(version)) continue
    const libc = os === 'linux' ? { libc: [/musl/.test(name) ? 'musl' : 'glibc'] } : {}
    lock.packages[at] = { version, cpu: [cpu], dev: true, ...libc, optional: true, os: [os] }
    added++
  }
}

lock.packages = Object.fromEntries(
  Object.entries(lock.packages).sort(([a], [b]) => (a < b ? -1 : 1)),
)
writeFileSync('package-lock.json', `${JSON.stringify(lock, null, 2)}\n`)
console.log(`${added} entries added`)
