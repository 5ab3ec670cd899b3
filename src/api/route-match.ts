// Which of the tables has a path, and with which methods: for 405 answers.

/** Whether a path belongs to late-routes.ts. */
export function isLatePath(path: string): boolean {
  return /^\/api\/(?:ledger|communities\/[^/]+\/(?:ledger|wallet|explorer))(?:\/|$)/.test(path)
}

/** Which methods a table has for a path: empty when no route has it. HEAD goes where GET goes. */
export function methodsOf(table: object): (path: string) => string[] {
  const rows = Object.keys(table).map((key) => {
    const [method = '', path = ''] = key.split(' ')
    const pattern = path.replace(/[.]/g, '\\.').replace(/:\w+/g, '[^/]+').replace('*', '.*')
    return { method, pattern: new RegExp(`^${pattern}$`) }
  })
  return (path) => {
    const methods = rows.filter(({ pattern }) => pattern.test(path)).map(({ method }) => method)
    return methods.includes('GET') ? [...methods, 'HEAD'] : methods
  }
}
