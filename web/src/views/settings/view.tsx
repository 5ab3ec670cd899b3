// Settings: this device, its network, and who its person is.

import { useWorld } from '../../store/hooks.tsx'
import { PageHead } from '../../ui/parts.tsx'
import { ChatCard, ConversationsCard, DesktopCard } from './chat-card.tsx'
import { DeviceCard } from './device-card.tsx'
import { DevicesCard } from './devices-card.tsx'
import { IdentityCard } from './identity-card.tsx'
import { NetworkCard } from './network-card.tsx'
import { PassphraseCard } from './passphrase-card.tsx'
import { PhraseCard } from './phrase-card.tsx'
import { RestoreCard } from './restore-card.tsx'
import './style.css'

export function SettingsView() {
  const settings = useWorld((world) => world.settings)
  const identity = useWorld((world) => world.identity)
  return (
    <div className="settings">
      <PageHead title="Settings" />
      {identity !== undefined && <IdentityCard identity={identity} />}
      <PhraseCard locked={identity?.passphrase === true} />
      {settings !== undefined && <DeviceCard settings={settings} />}
      <DevicesCard locked={identity?.passphrase === true} />
      <ChatCard />
      <DesktopCard />
      <ConversationsCard />
      {settings !== undefined && <NetworkCard settings={settings} />}
      <PassphraseCard locked={identity?.passphrase === true} />
      <RestoreCard locked={identity?.passphrase === true} />
    </div>
  )
}
