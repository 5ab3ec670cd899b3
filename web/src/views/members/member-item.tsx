// One member: role, devices, how long in it, and what can be done about it.

import { useState } from 'react'
import type { Device, Member, Role } from '../../../../src/sdk/types.ts'
import { agoText, countText, shortText } from '../../format/core.ts'
import { useShell } from '../../shell/hooks.tsx'
import { toFailure, useDaemon, useNow } from '../../store/hooks.tsx'
import { Button } from '../../ui/button.tsx'
import { Confirm } from '../../ui/dialog.tsx'
import { Menu, type MenuItem } from '../../ui/menu.tsx'
import { CopyPair } from '../../ui/pairs.tsx'
import { Badge, Facts } from '../../ui/parts.tsx'
import { useDirect } from '../chat/direct.ts'
import { Avatar, Presence } from '../community/avatar.tsx'
import { useCommunity } from '../community/context.tsx'
import { isOnline, may, roleText } from '../community/core.ts'
import { mayActUpon, removalTexts, seniorityText } from './core.ts'
import { RoleDialog } from './role-dialog.tsx'

export function MemberItem({ member, roles }: { member: Member; roles: readonly Role[] }) {
  const { chat, nameOf } = useCommunity()
  const [isOpen, setOpen] = useState(false)
  const [asking, setAsking] = useState<'role' | 'remove'>()
  const name = nameOf(member.person)
  const online = member.state === 'active' && isOnline(chat?.presence, member.person)
  const items = useItems(member, roles, setAsking)
  return (
    <li className={member.state === 'active' ? 'member' : 'member member-gone'}>
      <div className="member-line">
        <Avatar id={member.person} name={name} online={online} />
        <div className="member-title">
          <strong className="cut">
            <bdi title={name}>{name}</bdi>
            {member.self && <span className="soft"> (you)</span>}
            <Presence online={online} />
          </strong>
          <MemberFacts member={member} />
        </div>
        <div className="actions">
          <Button look="quiet" expanded={isOpen} about={`of ${name}`} onClick={() => setOpen(!isOpen)}>
            Details
          </Button>
          <Menu label="More" about={`about ${name}`} items={items} />
        </div>
      </div>
      {isOpen && <MemberDetails member={member} />}
      {asking === 'role' && <RoleDialog member={member} roles={roles} onClose={() => setAsking(undefined)} />}
      {asking === 'remove' && <RemoveConfirm member={member} onClose={() => setAsking(undefined)} />}
    </li>
  )
}

function MemberFacts({ member }: { member: Member }) {
  const devices = member.devices.filter(({ state }) => state === 'active').length
  const hasForked = member.devices.some(({ state }) => state === 'forked')
  return (
    <Facts>
      {[
        <Badge key="role" tone={member.role === 'owner' || member.role === 'admin' ? 'good' : 'calm'}>
          {roleText(member.role)}
        </Badge>,
        member.state !== 'active' && (
          <Badge key="state" tone={member.state === 'removed' ? 'bad' : 'calm'}>
            {member.state === 'removed' ? 'Removed' : 'Left'}
          </Badge>
        ),
        hasForked && (
          <Badge key="forked" tone="bad" icon="warning">
            A device contradicted itself
          </Badge>
        ),
        member.state === 'active' && countText(devices, 'device'),
        seniorityText(member),
      ]}
    </Facts>
  )
}

function useItems(
  member: Member,
  roles: readonly Role[],
  ask: (question: 'role' | 'remove') => void,
): readonly MenuItem[] {
  const { community } = useCommunity()
  const { warn } = useShell()
  const direct = useDirect()
  const canAct = mayActUpon(roles, community.self?.role, member)
  const write = () => {
    direct(member.person).catch((error: unknown) => warn(toFailure(error)))
  }
  const items: (MenuItem | false)[] = [
    !member.self &&
      member.state === 'active' &&
      community.phase === 'open' && { label: 'Write a message', icon: 'chat', onChoose: write },
    canAct && may(community, 'roles') && { label: 'Change the role', icon: 'key', onChoose: () => ask('role') },
    canAct &&
      !member.self &&
      may(community, 'remove') && { label: 'Remove', icon: 'leave', danger: true, onChoose: () => ask('remove') },
  ]
  return items.filter((item) => item !== false)
}

function RemoveConfirm({ member, onClose }: { member: Member; onClose: () => void }) {
  const { peerhood } = useDaemon()
  const { community, nameOf } = useCommunity()
  const { say, warn } = useShell()
  const name = nameOf(member.person)
  const devices = member.devices.filter(({ state }) => state === 'active').length
  const remove = () => {
    peerhood.communities.removeMember(community.id, member.person).then(
      () => say(`${name} is removed`),
      (error: unknown) => warn(toFailure(error)),
    )
  }
  return (
    <Confirm title={`Remove ${name}?`} verb="Remove" onConfirm={remove} onClose={onClose}>
      {removalTexts(name, devices).map((text) => (
        <p key={text}>{text}</p>
      ))}
    </Confirm>
  )
}

function MemberDetails({ member }: { member: Member }) {
  const { nameOf } = useCommunity()
  const nowMs = useNow()
  return (
    <div className="details">
      <dl className="pairs">
        <CopyPair name="Person" text={member.person} what="person id" shown={shortText(member.person, 20, 8)} />
      </dl>
      <p className="soft small">
        In it since {agoText(member.joinedMs, nowMs)}
        {member.admittedBy !== null && (
          <>
            , let in by <bdi>{nameOf(member.admittedBy)}</bdi>
          </>
        )}
        . When two act upon each other without knowing of it, who joined first prevails.
      </p>
      <section>
        <h3>Devices</h3>
        <ul className="devices">
          {member.devices.map((device) => (
            <DeviceItem key={device.device} member={member} device={device} />
          ))}
        </ul>
      </section>
    </div>
  )
}

const deviceStates: Readonly<Record<Device['state'], string>> = {
  active: '',
  removed: 'Removed',
  forked: 'Contradicted itself',
}

function DeviceItem({ member, device }: { member: Member; device: Device }) {
  const { peerhood } = useDaemon()
  const { community } = useCommunity()
  const { say, warn } = useShell()
  const nowMs = useNow()
  const [asking, setAsking] = useState(false)
  const isOurs = member.self || may(community, 'remove')
  const remove = () => {
    peerhood.communities.removeDevice(community.id, device.device).then(
      () => say(`${device.name} is removed`),
      (error: unknown) => warn(toFailure(error)),
    )
  }
  return (
    <li>
      <span className="device-name">
        <bdi className="cut">{device.name}</bdi>
        {device.here && <Badge tone="good">this computer</Badge>}
        {device.state !== 'active' && (
          <Badge tone={device.state === 'forked' ? 'bad' : 'calm'}>{deviceStates[device.state]}</Badge>
        )}
      </span>
      <span className="mono small soft" title={device.device}>
        {shortText(device.device, 8, 6)}
      </span>
      <span className="soft small">added {agoText(device.addedMs, nowMs)}</span>
      {device.state === 'active' && !device.here && isOurs && community.phase === 'open' && (
        <Button look="quiet" icon="trash" iconOnly about={device.name} onClick={() => setAsking(true)}>
          Remove the device
        </Button>
      )}
      {asking && (
        <Confirm title={`Remove ${device.name}?`} verb="Remove it" onConfirm={remove} onClose={() => setAsking(false)}>
          <p>
            For a device that is lost or given away. It can’t write any more, and a new key keeps what comes from it.
            What lies on it already stays on it. The person stays, with the other devices.
          </p>
        </Confirm>
      )}
    </li>
  )
}
