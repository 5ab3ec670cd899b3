// Private or public, each in a sentence.

import { Choice } from '../../ui/field.tsx'

export type Visibility = 'private' | 'public'

const options = [
  { value: 'private', label: 'Private', hint: 'Encrypted. Only people with the link can read it.' },
  {
    value: 'public',
    label: 'Public',
    hint: 'Not encrypted: whoever comes across it can read it. Works with IPFS tools.',
  },
] as const

export function VisibilityChoice({ value, onChange }: { value: Visibility; onChange: (value: Visibility) => void }) {
  return <Choice legend="Who can read it" value={value} options={options} onChange={onChange} />
}
