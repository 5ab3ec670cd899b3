// The dialogs that any view may open.

import { useShell } from '../shell/hooks.tsx'
import { AskDialog } from '../views/communities/ask-dialog.tsx'
import { EnterDialog } from '../views/communities/enter-dialog.tsx'
import { FoundDialog } from '../views/communities/found-dialog.tsx'
import { JoinDialog } from '../views/communities/join-dialog.tsx'
import { KeepDialog } from '../views/communities/keep-dialog.tsx'
import { ContactDialog } from '../views/direct/contact-dialog.tsx'
import { MessageDialog } from '../views/direct/message-dialog.tsx'
import { InviteDialog } from '../views/members/invite-dialog.tsx'
import { LinkDialog } from '../views/shares/link-dialog.tsx'
import { ShareDialog } from '../views/shares/share-dialog.tsx'
import { GetDialog } from '../views/transfers/get-dialog.tsx'

export function Dialogs() {
  const { dialog, close } = useShell()
  switch (dialog?.kind) {
    case undefined:
      return null
    case 'get':
      return <GetDialog key={dialog.link} link={dialog.link} onClose={() => close()} />
    case 'share':
      return <ShareDialog onClose={() => close()} />
    case 'link':
      return <LinkDialog shareId={dialog.share} intakeId={dialog.intake} onClose={() => close()} />
    case 'found':
      return <FoundDialog onClose={() => close()} />
    case 'join':
      return <JoinDialog key={dialog.link} link={dialog.link} onClose={() => close()} />
    case 'keep':
      return <KeepDialog key={dialog.link} link={dialog.link} onClose={() => close()} />
    case 'enter':
      return <EnterDialog onClose={() => close()} />
    case 'ask':
      return <AskDialog key={dialog.link} link={dialog.link} onClose={() => close()} />
    case 'invite':
      return <InviteDialog community={dialog.community} onClose={() => close()} />
    case 'direct':
      return <MessageDialog key={dialog.link} link={dialog.link} onClose={() => close()} />
    case 'contact':
      return <ContactDialog onClose={() => close()} />
  }
}
