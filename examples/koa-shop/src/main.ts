import { runShop } from '@sluice/example-express-shop'
import { createApp } from './app.ts'

await runShop((shop) => {
  const answer = createApp(shop).callback()
  return (req, res) => void answer(req, res)
})
