// Labelled controls: each has a visible label, a hint, and an error that is read out with it.

import { type ReactNode, useId } from 'react'
import { Said } from './said.tsx'

interface FieldParts {
  readonly label: string
  readonly hint?: ReactNode
  readonly error?: string | undefined
}

interface TextFieldProps extends FieldParts {
  readonly value: string
  readonly onChange: (value: string) => void
  readonly placeholder?: string
  readonly type?: 'text' | 'password'
  readonly rows?: number
  readonly mono?: boolean
  /** Holds a link: as high as the link needs. */
  readonly link?: boolean
  readonly autoComplete?: string
  readonly charsMax?: number
  readonly required?: boolean
}

export function TextField(props: TextFieldProps) {
  const id = useId()
  const control = {
    id,
    className: `input${props.mono ? ' mono' : ''}${props.link ? ' input-link' : ''}`,
    value: props.value,
    placeholder: props.placeholder,
    maxLength: props.charsMax,
    required: props.required,
    autoComplete: props.autoComplete ?? 'off',
    autoCapitalize: 'none',
    spellCheck: false,
    'aria-invalid': props.error === undefined ? undefined : true,
    'aria-describedby': `${id}-hint`,
  } as const
  return (
    <div className="field">
      <label htmlFor={id}>{props.label}</label>
      {props.rows === undefined ? (
        <input type={props.type ?? 'text'} {...control} onChange={(event) => props.onChange(event.target.value)} />
      ) : (
        <textarea rows={props.rows} {...control} onChange={(event) => props.onChange(event.target.value)} />
      )}
      <FieldHint id={`${id}-hint`} hint={props.hint} error={props.error} />
    </div>
  )
}

function FieldHint({ id, hint, error }: { id: string; hint?: ReactNode; error: string | undefined }) {
  return (
    <div id={id} className="field-hint">
      {error === undefined ? (
        hint
      ) : (
        <span className="field-error">
          <Said text={error} />
        </span>
      )}
    </div>
  )
}

interface SelectFieldProps extends FieldParts {
  readonly value: string
  readonly options: readonly { readonly value: string; readonly label: string }[]
  readonly onChange: (value: string) => void
}

export function SelectField({ label, hint, error, value, options, onChange }: SelectFieldProps) {
  const id = useId()
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      <select
        id={id}
        className="input"
        value={value}
        aria-describedby={`${id}-hint`}
        onChange={(event) => onChange(event.target.value)}
      >
        {options.map((option) => (
          <option key={option.value} value={option.value}>
            {option.label}
          </option>
        ))}
      </select>
      <FieldHint id={`${id}-hint`} hint={hint} error={error} />
    </div>
  )
}

interface SwitchProps {
  readonly label: string
  readonly hint?: ReactNode
  readonly checked: boolean
  readonly onChange: (checked: boolean) => void
}

export function Switch({ label, hint, checked, onChange }: SwitchProps) {
  const id = useId()
  return (
    <div className="switch">
      <input
        id={id}
        type="checkbox"
        role="switch"
        aria-checked={checked}
        checked={checked}
        onChange={(event) => onChange(event.target.checked)}
        aria-describedby={`${id}-hint`}
      />
      <div>
        <label htmlFor={id}>{label}</label>
        <div id={`${id}-hint`} className="field-hint">
          {hint}
        </div>
      </div>
    </div>
  )
}

interface ChoiceProps<Value extends string> {
  readonly legend: string
  readonly value: Value
  readonly options: readonly { readonly value: Value; readonly label: string; readonly hint?: string }[]
  readonly onChange: (value: Value) => void
}

/** Radio buttons as tiles, each with a sentence. */
export function Choice<Value extends string>({ legend, value, options, onChange }: ChoiceProps<Value>) {
  const name = useId()
  return (
    <fieldset className="choice">
      <legend>{legend}</legend>
      {options.map((option) => (
        <label key={option.value} className="choice-option">
          <input
            type="radio"
            name={name}
            value={option.value}
            checked={option.value === value}
            onChange={() => onChange(option.value)}
          />
          <span className="choice-text">
            <strong>{option.label}</strong>
            {option.hint !== undefined && <span>{option.hint}</span>}
          </span>
        </label>
      ))}
    </fieldset>
  )
}
