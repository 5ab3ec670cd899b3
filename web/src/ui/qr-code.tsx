// A text as a QR code: one SVG path, always dark on light, because cameras want it so.

import { useMemo } from 'react'
import { encode } from 'uqr'

const quietZone = 3

export function QrCode({ text, label }: { text: string; label: string }) {
  const code = useMemo(() => draw(text), [text])
  if (code === undefined) return <p className="soft">This link is too long for a QR code; copy it instead.</p>
  return (
    <svg
      className="qr-code"
      viewBox={`0 0 ${code.size} ${code.size}`}
      role="img"
      aria-label={label}
      shapeRendering="crispEdges"
    >
      <rect width={code.size} height={code.size} fill="#ffffff" />
      <path d={code.path} fill="#101413" />
    </svg>
  )
}

/** Undefined when the text does not fit the largest code (2,953 bytes). */
function draw(text: string): { size: number; path: string } | undefined {
  try {
    const { data, size } = encode(text, { ecc: 'L', border: quietZone })
    const dots = data.flatMap((row, y) => row.flatMap((dark, x) => (dark ? [`M${x} ${y}h1v1h-1z`] : [])))
    return { size, path: dots.join('') }
  } catch {
    return undefined
  }
}
