//! The names of layers, fields and messages, each written once: code compares the
//! constants, and readers see the text.

use std::fmt;

/// An enum whose constants are shown by the names that they have in a protocol.
macro_rules! names {
    ($(#[$doc:meta])* pub enum $type:ident { $($constant:ident = $name:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum $type {
            $(#[doc = $name] $constant,)+
        }

        impl $type {
            /// The name, as a reader sees it.
            pub fn as_str(self) -> &'static str {
                match self {
                    $($type::$constant => $name,)+
                }
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
                f.pad(self.as_str())
            }
        }
    };
}

names! {
    /// What a layer is: a header, or bytes that no header claims.
    pub enum LayerKind {
        Ethernet = "Ethernet", LinuxCooked = "Linux cooked",
        LinuxCookedV2 = "Linux cooked v2", Loopback = "loopback", Arp = "ARP",
        Ipv4 = "IPv4", Ipv6 = "IPv6",
        Ipv6HopByHop = "IPv6 hop-by-hop options", Ipv6Routing = "IPv6 routing",
        Ipv6Destination = "IPv6 destination options", Ipv6Fragment = "IPv6 fragment",
        Udp = "UDP", Tcp = "TCP", Icmp = "ICMP", Icmpv6 = "ICMPv6", Data = "data",
        Fragment = "fragment", Padding = "padding", Trailer = "trailer", CutOff = "cut off",
    }
}

names! {
    /// What a message of ICMP or ICMPv6 says, by its type and code.
    pub enum Message {
        EchoRequest = "echo request", EchoReply = "echo reply",
        NetworkUnreachable = "network unreachable", HostUnreachable = "host unreachable",
        PortUnreachable = "port unreachable", FragmentationNeeded = "fragmentation needed",
        DestinationUnreachable = "destination unreachable", PacketTooBig = "packet too big",
        Redirect = "redirect", TimeExceeded = "time exceeded",
        ParameterProblem = "parameter problem", RouterSolicitation = "router solicitation",
        RouterAdvertisement = "router advertisement",
        NeighbourSolicitation = "neighbour solicitation",
        NeighbourAdvertisement = "neighbour advertisement",
        MulticastListenerReport = "multicast listener report", Other = "type",
    }
}

impl LayerKind {
    /// The header of a packet, not one of IPv6's extensions.
    pub fn is_ip(self) -> bool {
        matches!(self, LayerKind::Ipv4 | LayerKind::Ipv6)
    }

    /// ICMP of either version.
    pub fn is_icmp(self) -> bool {
        matches!(self, LayerKind::Icmp | LayerKind::Icmpv6)
    }
}

names! {
    /// The name of a field, as in its RFC where that is not an abbreviation.
    pub enum FieldName {
        // Ethernet and ARP
        Destination = "destination", Source = "source", Type = "type", Operation = "operation",
        SenderHardwareAddress = "sender hardware address",
        SenderProtocolAddress = "sender protocol address",
        TargetHardwareAddress = "target hardware address",
        TargetProtocolAddress = "target protocol address",
        // Linux cooked and loopback
        PacketType = "packet type", ArphrdType = "ARPHRD type",
        AddressLength = "link-layer address length", Unused = "unused",
        ProtocolType = "protocol type", Reserved = "reserved",
        InterfaceIndex = "interface index", AddressFamily = "address family",
        // IP
        Version = "version", HeaderLength = "header length", Dscp = "DSCP", Ecn = "ECN",
        TotalLength = "total length", Identification = "identification", Flags = "flags",
        FragmentOffset = "fragment offset", TimeToLive = "time to live", Protocol = "protocol",
        Checksum = "checksum", SourceAddress = "source address",
        DestinationAddress = "destination address", Options = "options",
        TrafficClass = "traffic class", FlowLabel = "flow label",
        PayloadLength = "payload length", NextHeader = "next header", HopLimit = "hop limit",
        Length = "length", MoreFragments = "more fragments",
        // UDP, TCP and ICMP
        SourcePort = "source port", DestinationPort = "destination port",
        SequenceNumber = "sequence number", AcknowledgementNumber = "acknowledgement number",
        DataOffset = "data offset", Window = "window", UrgentPointer = "urgent pointer", Code = "code",
        Identifier = "identifier", RestOfHeader = "rest of header",
    }
}
