// node reference.js          writes the API reference of every public subpath to dist/
// node reference.js check    writes nothing; fails on an export, or a member of one, that nobody described, and on a
//                            {@link} that leads nowhere
//
// `check` takes another folder of packages and its tsconfig.json, which is how the check itself is tested.
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Application, OptionDefaults } from 'typedoc'
import { entryPointsOf } from './entry-points.js'

const here = fileURLToPath(new URL('.', import.meta.url))
const root = join(here, '../..')
const out = join(here, 'dist')

const [
  mode = 'write',
  packagesFolder = join(root, 'packages'),
  tsconfig = join(here, 'tsconfig.json'),
] = process.argv.slice(2)

const entries = entryPointsOf(packagesFolder)
const reading = {
  name: 'Sluice',
  entryPoints: entries.map(({ file }) => file),
  tsconfig,
  basePath: root,
  displayBasePath: root,
  excludeExternals: true,
  excludeInternal: true,
  excludePrivate: true,
  // The compiler of the build has checked the types, and it is a newer one than TypeDoc's.
  skipErrorChecking: true,
  disableGit: true,
  sourceLinkTemplate: 'https://github.com/sluice/sluice/blob/main/{path}#L{line}',
}
const checking = {
  readme: 'none',
  validation: { notDocumented: true, invalidLink: true },
  packagesRequiringDocumentation: [...new Set(entries.map(({ of }) => of))],
  requiredToBeDocumented: [
    'Variable',
    'Function',
    'Class',
    'Interface',
    'TypeAlias',
    'Property',
    'Method',
    'Accessor',
  ],
}
const writing = {
  readme: join(root, 'README.md'),
  projectDocuments: [join(root, 'docs/*.md')],
  customCss: join(here, 'reference.css'),
  // What is called comes before what it takes.
  sort: ['documents-last', 'kind', 'alphabetical'],
  kindSortOrder: ['Module', 'Function', 'Variable', 'Interface', 'TypeAlias', 'Class', 'Document'],
  groupOrder: ['Functions', 'Variables', 'Interfaces', 'Type Aliases', 'Classes', '*'],
  highlightLanguages: [...OptionDefaults.highlightLanguages, 'http'],
  navigation: { includeGroups: false, includeCategories: false, includeFolders: false },
  // What is written by hand links to folders, too, which are no pages here.
  validation: false,
}

const app = await Application.bootstrap({ ...reading, ...(mode === 'check' ? checking : writing) })
nameModules()
const project = await app.convert()
if (project === undefined) throw new Error('TypeDoc could not read the packages')
if (mode === 'check') check()
else await write()

/** By what an import says: TypeDoc would name them by their paths, and has no option for it. */
function nameModules() {
  const names = new Map(entries.map(({ file, name }) => [file, name]))
  const read = app.getEntryPoints.bind(app)
  app.getEntryPoints = () =>
    read()?.map((entry) => ({ ...entry, displayName: names.get(entry.sourceFile.fileName) }))
}

function check() {
  app.validate(project)
  console.log(`${entries.length} subpaths: ${app.logger.warningCount} complaints`)
  process.exitCode = app.logger.hasErrors() || app.logger.hasWarnings() ? 1 : 0
}

async function write() {
  for (const guide of project.documents ?? []) guide.name = titleOf(guide.content)
  await app.generateDocs(project, out)
  process.exitCode = app.logger.hasErrors() ? 1 : 0
}

/** A guide's first heading. */
function titleOf(content) {
  const text = content.map((part) => part.text).join('')
  return /^# (.+)$/m.exec(text)?.[1] ?? text.slice(0, 40)
}
