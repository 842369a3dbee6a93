#!/usr/bin/python3
"""net_proxy.py UPSTREAM-PORT FOLDER: a network of TCP between ccr and a server, which breaks when it is told to.

Listens on a free port (FOLDER/port). Takes one command per connection on another one (FOLDER/control), as a line, and answers with one:

  pass                      the network is good from now on; connections that were broken stay so, but stalled ones end, and of
                            dropped ones the server learns some seconds later
  forget                    the server learns of dropped connections at once
  FAULT WHO WHEN [ARG]      arms a fault; "fired" in FOLDER/events tells that it has happened
  slow MS [BYTES]           of connections to come all arrives MS milliseconds later, in both directions; with BYTES in pieces of so
                            many, each MS behind the one before: a trickle. Until "pass"; faults count what has come to the proxy
  passed                    how many bytes have come from the server, and gone to it

FAULT   reset    connections end with RST
        refuse   the same, and nobody listens any more
        stall    what was sent is acknowledged, and never arrives: a machine in the middle that hangs
        drop     packets are dropped, in both directions and without a word: a cut cable, a firewall
WHO     all      every connection, and those to come
        one      the one that meets WHEN; others go on, new ones too
WHEN    now
        bytes N  when N bytes more have come from the server, in the midst of a packet
        sent N   when N bytes more have gone to the server, in the midst of a packet
        before TEXT    half of what holds TEXT goes to the server, and no more
        after TEXT     what holds TEXT goes to the server, whose answer comes, and is not passed on
                       (TEXT may be FIRST..SECOND: the SECOND that comes behind a FIRST)
"""
import ctypes
import fcntl
import os
import queue
import socket
import struct
import sys
import termios
import threading
import time

SO_ATTACH_FILTER, SO_DETACH_FILTER = 26, 27
LEARNS_S = 5  # longer than the keepalive of the tests' servers needs
DROP_ALL = struct.pack('HBBI', 6, 0, 0, 0)  # of the classic packet filter: return 0


def drop(sock):
    """Whatever comes for it is not taken any more, nor acknowledged. Of what it has sent nothing is sent again: the other side
    would see that as a sign of life."""
    unsent, end = b'\1', time.monotonic() + 10
    while any(unsent) and time.monotonic() < end:
        unsent = fcntl.ioctl(sock, termios.TIOCOUTQ, bytes(4))
    take_nothing(sock)


def take_nothing(sock):
    code = ctypes.create_string_buffer(DROP_ALL, len(DROP_ALL))
    sock.setsockopt(socket.SOL_SOCKET, SO_ATTACH_FILTER, struct.pack('HxxxxxxP', 1, ctypes.addressof(code)))


def reset(sock):
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
    sock.close()


def end_now(sock):
    # a thread may be within recv(), and would hold the descriptor open
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
        sock.shutdown(socket.SHUT_RD)
    except OSError:
        pass
    sock.close()


class Late:
    """A socket that is written to, as a pump sees it: what is sent arrives later."""

    UNDER_WAY = 64  # pieces; behind them the sender waits

    def __init__(self, sock, seconds, piece):
        self.sock, self.seconds, self.piece = sock, seconds, piece
        self.queue = queue.Queue(self.UNDER_WAY)
        threading.Thread(target=self.run, daemon=True).start()

    def sendall(self, data):
        self.queue.put((time.monotonic() + self.seconds, data))

    def shutdown(self, _how):
        self.queue.put((time.monotonic() + self.seconds, b''))

    def arrive(self, data):
        piece = self.piece or len(data)
        for at in range(0, len(data), piece):
            if at > 0:
                time.sleep(self.seconds)
            self.sock.sendall(data[at:at + piece])

    def run(self):
        gone = False
        while True:
            due, data = self.queue.get()
            time.sleep(max(0, due - time.monotonic()))
            try:
                if not data:
                    self.sock.shutdown(socket.SHUT_WR)
                    return
                if not gone:
                    self.arrive(data)
            except OSError:  # the pump that reads from it sees that, too
                gone = True


class Link:
    """One connection of a client's, and the one to the server."""

    def __init__(self, client, server, slow=None):
        self.client, self.server = client, server
        self.sinks = {'down': client, 'up': server}
        if slow:
            self.sinks = {way: Late(sink, *slow) for way, sink in self.sinks.items()}
        self.broken = False
        self.fault = None
        self.answer_due = False  # of "after": what comes next is the answer
        self.tail = b''
        self.seen = 0  # texts of the armed fault

    def end(self, fault):
        self.broken, self.fault = True, fault
        for sock in (self.client, self.server):
            if fault == 'drop':
                drop(sock)
            elif fault != 'stall':
                end_now(sock)


class Network:
    def __init__(self, upstream, folder):
        self.upstream, self.folder = upstream, folder
        self.lock = threading.RLock()
        self.links = []
        self.armed = None  # (fault, who, when, argument)
        self.down = None  # the fault that all suffer
        self.slow = None  # (seconds, bytes or 0)
        self.passed = {'bytes': 0, 'sent': 0}
        self.events = open(folder + '/events', 'a', encoding='ascii', buffering=1)
        self.listener = socket.create_server(('127.0.0.1', 0))
        self.port = self.listener.getsockname()[1]

    def publish(self, name, number):
        path = self.folder + '/' + name
        with open(path + '.new', 'w', encoding='ascii') as file:
            file.write('%d\n' % number)
        os.rename(path + '.new', path)

    # what it is told

    def command(self, line):
        words = line.split(' ', 3)
        with self.lock:
            if words[0] == 'passed':
                return '%d %d' % (self.passed['bytes'], self.passed['sent'])
            if words[0] == 'pass':
                self.repair()
            elif words[0] == 'forget':
                self.forget()
            elif words[0] == 'slow':
                self.slow = (int(words[1]) / 1000, int(words[2]) if len(words) > 2 else 0)
            elif words[0] in ('reset', 'refuse', 'stall', 'drop') and words[1] in ('all', 'one'):
                self.forget()
                fault, who, when = words[:3]
                argument = words[3] if len(words) > 3 else ''
                if when in ('bytes', 'sent'):
                    argument = self.passed[when] + int(argument)
                elif when in ('before', 'after'):
                    argument = argument.encode().split(b'..')
                for link in self.links:
                    link.seen, link.answer_due = 0, False
                self.armed = (fault, who, when, argument)
                if when == 'now':
                    self.fire(None)
            else:
                return 'what is ' + line
        return 'ok'

    def repair(self):
        self.armed = self.slow = None
        for link in self.links:
            if link.fault == 'stall':
                link.end('reset')
        dropped = [link for link in self.links if link.fault == 'drop']
        learning = threading.Timer(LEARNS_S, self.let_learn, [dropped])
        learning.daemon = True
        learning.start()
        if self.down == 'drop':
            self.listener.setsockopt(socket.SOL_SOCKET, SO_DETACH_FILTER, 0)
        if self.down == 'refuse':
            self.listener = socket.create_server(('127.0.0.1', self.port))
            threading.Thread(target=self.listen, args=(self.listener,), daemon=True).start()
        self.down = None

    def let_learn(self, dropped):
        """What a server sends again meets nobody, now that the network is back. Keepalive does not tell it: there is none as long
        as something is on its way."""
        with self.lock:
            for link in dropped:
                if link.fault == 'drop':
                    end_now(link.server)

    def forget(self):
        """Both sides have seen to what was broken before. A dropped connection would take the packets of a new one from the
        same port of a client."""
        for link in self.links:
            if link.fault == 'drop':
                link.end('reset')
        self.links = [link for link in self.links if not link.broken]

    def fire(self, link):
        fault, who = self.armed[:2]
        self.armed = None
        for each in self.links if who == 'all' else [link]:
            if not each.broken:
                each.end(fault)
        if who == 'all':
            self.down = fault
            if fault == 'drop':
                take_nothing(self.listener)
            if fault == 'refuse':
                self.listener.shutdown(socket.SHUT_RDWR)
                self.listener.close()
        self.events.write('fired\n')

    # what goes through it

    def judge(self, link, way, data):
        """What of the data is to be passed on; None: nothing any more."""
        count = 'bytes' if way == 'down' else 'sent'
        if link.broken:
            return None
        fault = self.armed
        keep = len(data)
        if fault and way == 'down' and link.answer_due:
            keep = 0
        elif fault and fault[2] == count and self.passed[count] + len(data) >= fault[3]:
            keep = max(0, fault[3] - self.passed[count])
        elif fault and way == 'up' and fault[2] in ('before', 'after'):
            found = self.find(link, data, fault[3])
            link.answer_due |= found and fault[2] == 'after'
            if found and fault[2] == 'before':
                keep = len(data) // 2
            else:
                fault = None
        else:
            fault = None
        self.passed[count] += keep
        return data[:keep], fault

    @staticmethod
    def find(link, data, texts):
        """Whether the last of the texts has come, in their order."""
        data = link.tail + data
        while link.seen < len(texts) and texts[link.seen] in data:
            data = data.split(texts[link.seen], 1)[1]
            link.seen += 1
        link.tail = data[-100:]
        return link.seen == len(texts)

    def pump(self, link, way):
        source, sink = link.server if way == 'down' else link.client, link.sinks[way]
        try:
            while True:
                data = source.recv(65536)
                with self.lock:
                    verdict = self.judge(link, way, data) if data else None
                if link.broken:
                    return
                if not data:
                    sink.shutdown(socket.SHUT_WR)
                    return
                data, fault = verdict
                sink.sendall(data)
                if fault:
                    with self.lock:
                        if self.armed is fault:
                            self.fire(link)
                    return
        except OSError:
            # one side is gone: so is the other
            if not link.broken:
                with self.lock:
                    link.end('reset')

    def connect(self):
        server = socket.create_connection(('127.0.0.1', self.upstream))
        server.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return server

    def listen(self, listener):
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            with self.lock:
                if self.down in ('reset', 'refuse'):
                    reset(client)
                    continue
                if self.down == 'stall':
                    self.links.append(Link(client, client))
                    self.links[-1].end('stall')
                    continue
                try:
                    link = Link(client, self.connect(), self.slow)
                except OSError:
                    reset(client)
                    continue
                client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                self.links.append(link)
            for way in ('up', 'down'):
                threading.Thread(target=self.pump, args=(link, way), daemon=True).start()

    def run(self):
        threading.Thread(target=self.listen, args=(self.listener,), daemon=True).start()
        control = socket.create_server(('127.0.0.1', 0))
        self.publish('control', control.getsockname()[1])
        self.publish('port', self.port)
        while True:
            asker, _ = control.accept()
            with asker, asker.makefile('rw') as file:
                file.write(self.command(file.readline().rstrip('\n')) + '\n')


Network(int(sys.argv[1]), sys.argv[2]).run()
