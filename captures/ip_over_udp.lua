-- Shows the packet inside the tunnel: the payload of UDP port 9876 is one IP
-- packet, and nothing else. For Wireshark and tshark.
--
-- Once:      wireshark -X lua_script:captures/ip_over_udp.lua captures/ch06/all.pcapng
-- For good:  copy this file into the folder "Personal Lua Plugins"; its path
--            is in Help > About Wireshark > Folders, and tshark -G folders.

local tunnel = Proto("ip_over_udp", "IP over UDP, inner packet")

-- The first four bits of an IP packet are its version.
local versions = { [4] = Dissector.get("ip"), [6] = Dissector.get("ipv6") }

function tunnel.dissector(payload, info, tree)
    -- A datagram may be empty, and a capture may have cut it to nothing.
    local inner = payload:len() > 0 and versions[payload(0, 1):bitfield(0, 4)]
    if not inner then
        return 0 -- not ours: it stays data
    end
    tree:add(tunnel, payload())
    inner:call(payload, info, tree)
    return payload:len()
end

DissectorTable.get("udp.port"):add(9876, tunnel)
