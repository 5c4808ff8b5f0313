// Prints what the suites say of themselves, or why one cannot be loaded, as JSON by file. In a process of its own, because a
// suite may connect, or change what it imports.
const described = {}
for (const file of process.argv.slice(2)) {
  try {
    const {
      contenders,
      measure: _,
      ...said
    } = await import(new URL(`../suites/${file}`, import.meta.url))
    described[file] = { ...said, contenders: Object.keys(contenders) }
  } catch (error) {
    described[file] = { failed: String(error.message ?? error) }
  }
}
console.log(JSON.stringify(described))
process.exit(0)
