// The passphrase of the keystore, where something of the ledger takes it.

import { TextField } from '../../ui/field.tsx'

interface PassphraseFieldProps {
  readonly value: string
  readonly hint?: string
  readonly onChange: (passphrase: string) => void
}

export function PassphraseField({ value, hint, onChange }: PassphraseFieldProps) {
  return (
    <TextField
      label="Passphrase of the keystore"
      type="password"
      autoComplete="current-password"
      hint={hint}
      value={value}
      onChange={onChange}
    />
  )
}
