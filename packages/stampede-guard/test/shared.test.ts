import { memoryStore } from '@sluice/core/memory'
import { describeSharedGuard } from './shared-guard.ts'

const below = memoryStore()

// One store seen twice: each guard takes its view for a connection of its own.
describeSharedGuard(() => ({ ...below, shared: true, close: async () => undefined }))
