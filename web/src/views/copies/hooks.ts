// All about copies, read anew whenever something of it changes.

import type { Copies } from '../../../../src/sdk/types.ts'
import { useDaemon } from '../../store/hooks.tsx'
import { type Reading, useReading } from '../../store/reading.ts'
import { useNews } from '../admission/hooks.ts'

export function useCopies(): Reading<Copies> {
  const { peerhood } = useDaemon()
  const news = useNews(({ type }) => type === 'copies')
  return useReading('copies', news, (options) => peerhood.copies.get(options))
}
