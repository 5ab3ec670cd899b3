"""One libtorrent peer for the benchmark: TCP, no discovery. Speaks JSON lines. Its first argument is `plain` or `rc4`.

make FOLDER FILE          writes a torrent of FOLDER to FILE
seed FILE PARENT          serves it; prints {"port": N}
get FILE PARENT PORT      waits for a line on standard input, fetches, prints {"seconds": S}
"""

import json
import sys
import time

import libtorrent as lt


# Policies and levels as numbers: settings_pack::enc_policy and enc_level.
ENCRYPTION = {
    "plain": {"out_enc_policy": 2, "in_enc_policy": 2},
    "rc4": {"out_enc_policy": 0, "in_enc_policy": 0, "allowed_enc_level": 2},
}


def session(encryption):
    return lt.session({
        "listen_interfaces": "127.0.0.1:0",
        "enable_dht": False, "enable_lsd": False, "enable_upnp": False, "enable_natpmp": False,
        "enable_incoming_utp": False, "enable_outgoing_utp": False,
        **ENCRYPTION[encryption],
        "allow_multiple_connections_per_ip": True,
        "alert_mask": lt.alert.category_t.status_notification | lt.alert.category_t.error_notification,
    })


def say(**fields):
    print(json.dumps(fields), flush=True)


def add(peer, file, parent, seed):
    flags = lt.torrent_flags.seed_mode if seed else lt.torrent_flags.update_subscribe
    parameters = lt.add_torrent_params()
    parameters.ti = lt.torrent_info(file)
    parameters.save_path = parent
    parameters.flags = flags
    return peer.add_torrent(parameters)


def make(folder, file):
    storage = lt.file_storage()
    lt.add_files(storage, folder)
    torrent = lt.create_torrent(storage)
    lt.set_piece_hashes(torrent, folder.rsplit("/", 1)[0])
    with open(file, "wb") as out:
        out.write(lt.bencode(torrent.generate()))


def main():
    encryption, command, file, parent = sys.argv[1:5]
    if command == "make":
        return make(file, parent)
    peer = session(encryption)
    while peer.listen_port() == 0:
        time.sleep(0.01)
    if command == "seed":
        add(peer, file, parent, True)
        say(port=peer.listen_port())
        sys.stdin.read()
        return None
    say(port=peer.listen_port())
    ports = [int(port) for port in sys.stdin.readline().split()]
    started = time.monotonic()
    torrent = add(peer, file, parent, False)
    for port in ports:
        torrent.connect_peer(("127.0.0.1", port))
    while not torrent.status().is_seeding:
        peer.wait_for_alert(5)
        peer.pop_alerts()
    say(seconds=time.monotonic() - started)
    sys.stdin.read()
    return None


main()
