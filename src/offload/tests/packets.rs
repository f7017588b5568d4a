//! Packets as kernels send them, and some that are odd.

use etherparse::{IpHeaders, PacketBuilder};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

/// What of a packet differs from its neighbours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Odd {
    Nothing,
    Source,
    TimeToLive,
    TrafficClass,
    Identification,
    MoreFragments,
    IpOption,
    Sequence,
    Acknowledgement,
    Window,
    Urgent,
    Syn,
    Fin,
    Push,
    Ecn,
    Cwr,
    TcpOption,
    Checksum,
    NoChecksum,
    IpChecksum,
    Longer,
    Shorter,
    NoData,
}

pub const ODDS: [Odd; 23] = [
    Odd::Nothing,
    Odd::Source,
    Odd::TimeToLive,
    Odd::TrafficClass,
    Odd::Identification,
    Odd::MoreFragments,
    Odd::IpOption,
    Odd::Sequence,
    Odd::Acknowledgement,
    Odd::Window,
    Odd::Urgent,
    Odd::Syn,
    Odd::Fin,
    Odd::Push,
    Odd::Ecn,
    Odd::Cwr,
    Odd::TcpOption,
    Odd::Checksum,
    Odd::NoChecksum,
    Odd::IpChecksum,
    Odd::Longer,
    Odd::Shorter,
    Odd::NoData,
];

/// One connection, which counts on from packet to packet.
#[derive(Clone, Debug)]
pub struct Sender {
    pub tcp: bool,
    pub ipv4: bool,
    pub dont_fragment: bool,
    pub size: usize,
    pub identification: u16,
    pub sequence: u32,
}

impl Sender {
    /// The next packet, with this that is unlike the others.
    pub fn next(&mut self, odd: Odd) -> Vec<u8> {
        let length = match odd {
            Odd::Longer => self.size + 7,
            Odd::Shorter => self.size.saturating_sub(5).max(1),
            Odd::NoData => 0,
            _ => self.size,
        };
        let data: Vec<u8> = (0..length).map(|at| (at * 7 + self.size) as u8).collect();
        if odd == Odd::Sequence {
            self.sequence = self.sequence.wrapping_add(1);
        }
        if odd == Odd::Identification {
            self.identification = self.identification.wrapping_add(5);
        }
        let builder = match self.ipv4 {
            true => {
                let mut header = etherparse::Ipv4Header {
                    identification: self.identification,
                    dont_fragment: self.dont_fragment,
                    more_fragments: odd == Odd::MoreFragments,
                    time_to_live: if odd == Odd::TimeToLive { 3 } else { 64 },
                    source: [192, 168, 0, if odd == Odd::Source { 9 } else { 1 }],
                    destination: [192, 168, 0, 2],
                    ..Default::default()
                };
                if odd == Odd::TrafficClass {
                    header.ecn = etherparse::IpEcn::try_new(1).unwrap();
                }
                if odd == Odd::IpOption {
                    header.options = [1, 1, 1, 0].into();
                }
                PacketBuilder::ip(IpHeaders::Ipv4(header, Default::default()))
            }
            false => {
                let mut source = [0xfd; 16];
                source[15] = if odd == Odd::Source { 9 } else { 1 };
                let header = etherparse::Ipv6Header {
                    traffic_class: if odd == Odd::TrafficClass { 3 } else { 0 },
                    hop_limit: if odd == Odd::TimeToLive { 3 } else { 64 },
                    source,
                    destination: [0xfd; 16],
                    ..Default::default()
                };
                PacketBuilder::ip(IpHeaders::Ipv6(header, Default::default()))
            }
        };
        let mut packet = Vec::new();
        if self.tcp {
            let mut header = etherparse::TcpHeader::new(80, 40_000, self.sequence, 1000);
            header.ack = true;
            header.acknowledgment_number = 7 + u32::from(odd == Odd::Acknowledgement);
            header.window_size = 1000 + u16::from(odd == Odd::Window);
            header.urg = odd == Odd::Urgent;
            header.syn = odd == Odd::Syn;
            header.fin = odd == Odd::Fin;
            header.psh = odd == Odd::Push;
            header.ece = odd == Odd::Ecn;
            header.cwr = odd == Odd::Cwr;
            header
                .set_options_raw(&[
                    1,
                    1,
                    8,
                    10,
                    0,
                    0,
                    0,
                    u8::from(odd == Odd::TcpOption),
                    0,
                    0,
                    0,
                    0,
                ])
                .unwrap();
            builder
                .tcp_header(header)
                .write(&mut packet, &data)
                .unwrap();
            self.sequence = self.sequence.wrapping_add(data.len() as u32);
        } else {
            builder.udp(5000, 7000).write(&mut packet, &data).unwrap();
        }
        let transport = if !self.ipv4 {
            40
        } else {
            usize::from(packet[0] & 0x0f) * 4
        };
        match odd {
            Odd::Checksum => *packet.last_mut().unwrap() ^= 4,
            Odd::NoChecksum if !self.tcp => packet[transport + 6..transport + 8].fill(0),
            Odd::IpChecksum if self.ipv4 => packet[10] ^= 1,
            _ => (),
        }
        self.identification = self.identification.wrapping_add(1);
        packet
    }
}

/// Any connection.
pub fn sender() -> impl Strategy<Value = Sender> {
    let numbers = (
        select(vec![0, 7, 0xfffe, 0xffff]),
        select(vec![1, 0xffff_f000, 0xffff_ffff]),
    );
    (any::<[bool; 3]>(), 6..1500usize, numbers).prop_map(
        |([tcp, ipv4, dont_fragment], size, (identification, sequence))| Sender {
            tcp,
            ipv4,
            dont_fragment,
            size,
            identification,
            sequence,
        },
    )
}

/// Packets of three connections, of which most continue what was before.
pub fn packets() -> impl Strategy<Value = Vec<Vec<u8>>> {
    let odd = prop_oneof![3 => Just(Odd::Nothing), 1 => select(&ODDS[..])];
    let packet = (prop_oneof![6 => Just(0usize), 1 => 1..3usize], odd);
    (vec(sender(), 3), vec(packet, 0..150)).prop_map(|(mut senders, order)| {
        order
            .into_iter()
            .map(|(who, odd)| senders[who].next(odd))
            .collect()
    })
}
