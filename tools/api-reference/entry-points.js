import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'

/**
 * What a reader imports: one entry for each subpath in the `exports` of each published package, with the name that is
 * written in an import, and the source that stands behind it.
 */
export function entryPointsOf(packagesFolder) {
  return readdirSync(packagesFolder).flatMap((name) => {
    const folder = join(packagesFolder, name)
    const manifest = manifestOf(folder)
    if (manifest === undefined || manifest.private === true) return []
    return Object.entries(manifest.exports).flatMap(([subpath, target]) => {
      const source = target['@sluice/source']
      if (source === undefined) return []
      return [
        {
          name: subpath.replace('.', manifest.name),
          file: join(folder, source),
          of: manifest.name,
        },
      ]
    })
  })
}

/** Undefined for what is no package. */
function manifestOf(folder) {
  try {
    return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
  } catch (error) {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return undefined
    throw error
  }
}
