// What this browser does for chat: notifications, and pictures without asking.

import { useState } from 'react'
import { bytesText } from '../../format/core.ts'
import { Switch } from '../../ui/field.tsx'
import { Card, Note } from '../../ui/parts.tsx'
import {
  pictureBytesMax,
  setShowsPictures,
  setWantsNotifications,
  showsPictures,
  wantsNotifications,
} from '../chat/preferences.ts'

export function ChatCard() {
  const { wanted, change, problem } = useNotifications()
  const [pictures, setPictures] = useState(showsPictures)
  return (
    <Card title="Chat in this browser">
      <div className="form">
        <Switch
          label="Notifications"
          hint="When somebody mentions you or writes to you alone while you look elsewhere, and this page is open."
          checked={wanted}
          onChange={(next) => void change(next)}
        />
        {problem !== undefined && (
          <Note tone="warn" title={problem}>
            <p>Allow them for this page in the browser’s own settings, then switch them on here.</p>
          </Note>
        )}
        <Switch
          label="Show pictures by themselves"
          hint={`Fetches pictures of up to ${bytesText(pictureBytesMax)} into the downloads folder as soon as they come into view. Otherwise each waits for a press.`}
          checked={pictures}
          onChange={(next) => {
            setShowsPictures(next)
            setPictures(next)
          }}
        />
      </div>
    </Card>
  )
}

function useNotifications() {
  const [wanted, setWanted] = useState(() => wantsNotifications() && permission() === 'granted')
  const [problem, setProblem] = useState<string>()
  const change = async (next: boolean) => {
    const isAllowed = !next || (await ask()) === 'granted'
    setProblem(isAllowed ? undefined : 'This browser does not show notifications of this page')
    setWantsNotifications(next && isAllowed)
    setWanted(next && isAllowed)
  }
  return { wanted, change, problem }
}

function permission(): NotificationPermission {
  return 'Notification' in globalThis ? Notification.permission : 'denied'
}

async function ask(): Promise<NotificationPermission> {
  return permission() === 'default' ? Notification.requestPermission() : permission()
}
