// What this browser does for chat: notifications, and pictures without asking.

import { useState } from 'react'
import { bytesText } from '../../format/core.ts'
import { useShell } from '../../shell/hooks.tsx'
import { toFailure, useAction, useDaemon, useLearn, useWorld } from '../../store/hooks.tsx'
import { useReading } from '../../store/reading.ts'
import { Button } from '../../ui/button.tsx'
import { Switch } from '../../ui/field.tsx'
import { Card, Note, ProblemNote } from '../../ui/parts.tsx'
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

/** Whether the keepers that one has by agreement hold conversations, too. */
export function ConversationsCard() {
  const { peerhood } = useDaemon()
  const learn = useLearn()
  const { warn } = useShell()
  const on = useWorld((world) => world.settings?.keepConversations)
  const change = (keepConversations: boolean) => {
    peerhood.settings.change({ keepConversations }).then(
      (settings) => learn({ type: 'settings', settings }),
      (error: unknown) => warn(toFailure(error)),
    )
  }
  return (
    <Card title="Conversations of two">
      <Switch
        label="Held by computers that keep for you"
        hint="So that two who are never online at once reach each other. They hold sealed messages and read none."
        checked={on === true}
        onChange={change}
      />
    </Card>
  )
}

/** What the daemon does on its desktop, whatever browser this is. */
export function DesktopCard() {
  const { peerhood } = useDaemon()
  const learn = useLearn()
  const { say, warn } = useShell()
  const on = useWorld((world) => world.settings?.notifications)
  const { value } = useReading('notifications', on, (options) => peerhood.notifications.get(options))
  const action = useAction()
  const change = (notifications: boolean) => {
    peerhood.settings.change({ notifications }).then(
      (settings) => learn({ type: 'settings', settings }),
      (error: unknown) => warn(toFailure(error)),
    )
  }
  const tryOut = () =>
    action.run(async () => {
      await peerhood.notifications.test()
      say('One is shown on the desktop now')
    })
  return (
    <Card title="While this page is closed">
      <div className="form">
        <Switch
          label="Notifications on the desktop"
          hint={value?.sentence ?? 'When somebody mentions you or writes to you alone.'}
          checked={on === true}
          onChange={change}
        />
        {action.failure !== undefined && <ProblemNote problem={action.failure} />}
        <div className="actions">
          <Button busy={action.busy} disabled={value?.possible !== true} onClick={() => void tryOut()}>
            Show one now
          </Button>
        </div>
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
