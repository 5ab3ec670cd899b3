// Which methods the table has for a path: for 405 answers.

import { routes } from './routes.ts'

const rows = Object.keys(routes).map((key) => {
  const [method = '', path = ''] = key.split(' ')
  const pattern = path.replace(/[.]/g, '\\.').replace(/:\w+/g, '[^/]+').replace('*', '.*')
  return { method, pattern: new RegExp(`^${pattern}$`) }
})

/** Empty when no route has this path. HEAD goes where GET goes. */
export function allowedMethods(path: string): string[] {
  const methods = rows.filter(({ pattern }) => pattern.test(path)).map(({ method }) => method)
  return methods.includes('GET') ? [...methods, 'HEAD'] : methods
}
