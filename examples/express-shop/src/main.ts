import { createApp } from './app.ts'
import { runShop } from './shop/index.ts'

await runShop(createApp)
