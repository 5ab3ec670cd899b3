// A link to hand on: to copy, and to scan.

import { CopyButton } from '../../ui/copy.tsx'
import { QrCode } from '../../ui/qr-code.tsx'

/** `what`: how the link is called, `request link`. */
export function LinkShown({ link, what, of }: { link: string; what: string; of: string }) {
  const label = what.charAt(0).toUpperCase() + what.slice(1)
  return (
    <>
      <div className="link-text">
        <textarea
          className="input input-link mono"
          aria-label={label}
          readOnly
          rows={3}
          value={link}
          onFocus={(event) => event.target.select()}
        />
        <CopyButton text={link} what={what} look="primary" />
      </div>
      <QrCode text={link} label={`QR code of the ${what} of ${of}`} />
    </>
  )
}
