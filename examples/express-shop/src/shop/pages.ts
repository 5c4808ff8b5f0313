import { fileURLToPath } from 'node:url'

/** The page of the shop. */
export const pages: { readonly folder: string; readonly caching: string } = {
  folder: fileURLToPath(new URL('../../public', import.meta.url)),
  /** Cache-Control: file names do not change with their content, so a browser asks again and gets 304. */
  caching: 'no-cache',
}
