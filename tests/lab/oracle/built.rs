//! Packets that no experiment of the book has.

use std::net::Ipv6Addr;

use ip_over_udp::capture::{LinkType, Packet};

/// What the reference captures have little of: IPv6, extension headers, ARP,
/// fragments, and packets inside packets inside packets.
pub fn built() -> Vec<Packet> {
    use etherparse::{ArpPacket, EtherType, IpHeaders, IpNumber, PacketBuilder, TcpOptionElement};
    use etherparse::{Ipv6Extensions, Ipv6FragmentHeader, Ipv6Header, Ipv6RawExtHeader};

    fn bytes(write: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
        let mut bytes = Vec::new();
        write(&mut bytes);
        bytes
    }
    let (left, right) = (
        "2001:db8:1::2".parse::<Ipv6Addr>().unwrap().octets(),
        "2001:db8:2::2".parse::<Ipv6Addr>().unwrap().octets(),
    );
    let (far, near) = ("fd00:0:0:1::2".parse::<Ipv6Addr>().unwrap().octets(), left);
    let tcp = bytes(|out| {
        let options = [
            TcpOptionElement::MaximumSegmentSize(1440),
            TcpOptionElement::SelectiveAcknowledgementPermitted,
            TcpOptionElement::Timestamp(7, 9),
            TcpOptionElement::WindowScale(7),
        ];
        let tcp = PacketBuilder::ipv6(near, far, 64)
            .tcp(40_000, 80, 1, 64_000)
            .syn();
        tcp.options(&options).unwrap().write(out, b"").unwrap();
    });
    let ping = bytes(|out| {
        let ping = PacketBuilder::ipv6(left, right, 64).icmpv6_echo_request(7, 1);
        ping.write(out, &[1; 56]).unwrap();
    });
    let tunnelled = bytes(|out| {
        let udp = PacketBuilder::ipv6(left, right, 64).udp(9876, 9876);
        udp.write(out, &tcp).unwrap();
    });
    let twice = bytes(|out| {
        let udp = PacketBuilder::ipv4([198, 51, 100, 2], [203, 0, 113, 2], 64).udp(9876, 9876);
        udp.write(out, &tunnelled).unwrap();
    });
    let error = bytes(|out| {
        let kind = etherparse::Icmpv6Type::PacketTooBig { mtu: 1400 };
        PacketBuilder::ipv6(right, left, 64)
            .icmpv6(kind)
            .write(out, &tunnelled)
            .unwrap();
    });
    let extended = |extensions: Ipv6Extensions, payload: &[u8]| {
        bytes(|out| {
            let header = Ipv6Header {
                source: left,
                destination: right,
                hop_limit: 64,
                ..Default::default()
            };
            let mut headers = IpHeaders::Ipv6(header, extensions);
            headers.set_next_headers(IpNumber::UDP);
            headers.set_payload_len(payload.len()).unwrap();
            headers.write(out).unwrap();
            out.extend(payload);
        })
    };
    let options = Ipv6RawExtHeader::new_raw(IpNumber::UDP, &[1, 4, 0, 0, 0, 0]).unwrap();
    let with_options = extended(
        Ipv6Extensions {
            hop_by_hop_options: Some(options.clone()),
            destination_options: Some(options),
            ..Default::default()
        },
        &tunnelled[40..],
    );
    let piece = |offset: u16, more, payload: &[u8]| {
        let fragment =
            Ipv6FragmentHeader::new(IpNumber::UDP, offset.try_into().unwrap(), more, 0x1234);
        let extensions = Ipv6Extensions {
            fragment: Some(fragment),
            ..Default::default()
        };
        extended(extensions, payload)
    };
    let raw = [
        tcp,
        ping,
        twice,
        error,
        with_options,
        piece(0, true, &tunnelled[40..88]),
        piece(6, false, &tunnelled[88..]),
        tunnelled,
    ];
    let arp = bytes(|out| {
        let arp = ArpPacket::new(
            etherparse::ArpHardwareId::ETHERNET,
            EtherType::IPV4,
            etherparse::ArpOperation::REQUEST,
            &[2, 0, 0, 0, 1, 2],
            &[198, 51, 100, 2],
            &[0; 6],
            &[198, 51, 100, 1],
        );
        let frame = PacketBuilder::ethernet2([2, 0, 0, 0, 1, 2], [255; 6]);
        frame.arp(arp.unwrap()).write(out).unwrap();
    });
    let framed = raw.iter().map(|packet| {
        let kind = if packet[0] >> 4 == 4 {
            [8, 0]
        } else {
            [0x86, 0xdd]
        };
        let frame = [&[2, 0, 0, 0, 1, 1, 2, 0, 0, 0, 1, 2][..], &kind, packet].concat();
        (LinkType::Ethernet, frame)
    });
    let all = framed.chain(raw.iter().map(|packet| (LinkType::Raw, packet.clone())));
    all.chain([(LinkType::Ethernet, arp)])
        .map(|(link, data)| Packet {
            interface: String::new(),
            link,
            direction: None,
            time: std::time::Duration::ZERO,
            length: data.len() as u32,
            data,
        })
        .collect()
}
