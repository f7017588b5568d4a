-- Shows the packet inside the tunnel, in Wireshark and tshark: the payload of
-- a datagram from or to port 9876 is one IP packet, and nothing else.
--
-- Once, in the folder captures:
--     wireshark -X lua_script:ip_over_udp.lua ch06/left-eth0.pcap
-- For good: copy this file into the folder of "Personal Lua Plugins", which
-- stands in Help > About Wireshark > Folders, and in tshark -G folders.
--
-- In all.pcapng, the same packet passes one interface after the other, and
-- Wireshark takes what it has seen before for a retransmission. This helps:
--     -o tcp.analyze_sequence_numbers:FALSE

local tunnel = Proto("ip_over_udp", "IP over UDP, inner packet")

-- The first four bits of an IP packet are its version; its header has at least
-- so many bytes. The text "hello" begins like IPv6, and is too short for it.
local versions = {
    [4] = { dissector = Dissector.get("ip"), header = 20 },
    [6] = { dissector = Dissector.get("ipv6"), header = 40 },
}

function tunnel.dissector(payload, info, tree)
    -- Of an empty payload there is no first byte. Wireshark 4.0 does not ask
    -- about one; other versions may.
    local ip = payload:len() > 0 and versions[payload(0, 1):bitfield(0, 4)]
    if not ip or payload:reported_len() < ip.header then
        return 0 -- not ours: it stays data
    end
    tree:add(tunnel, payload())
    -- A malformed packet is shown as such; it is no error of this script.
    pcall(ip.dissector.call, ip.dissector, payload, info, tree)
    return payload:len()
end

DissectorTable.get("udp.port"):add(9876, tunnel)
