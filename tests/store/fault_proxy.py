#!/usr/bin/python3
"""fault_proxy.py SEED UPSTREAM-PORT PORT-FILE [FAULT REQUESTS]: a network between ccr and an S3 server that goes wrong.

Listens on a free port of the loopback interface (written to PORT-FILE), passes requests on, and spoils some of them by
a schedule that SEED decides: how often, and with which of the faults below; or with FAULT all those that match the regular
expression REQUESTS ("PUT .*/alive.json"); then FAULT may also be
    bare-503     that status, and no document
    wait-30      503 SlowDown, and come back in 30 seconds; wait-until-30: at the time that it is then
    crossed      nobody is answered before another object is asked for, and that is given the last object's answer, once
Each fault is a line on stdout, each connection one in PORT-FILE.connections. The host name in a request is the proxy's own and is
passed on as it is, since it is signed.
"""
import email.utils
import http.client
import os
import random
import re
import socket
import struct
import sys
import threading
import time

ERROR = '<?xml version="1.0" encoding="UTF-8"?><Error><Code>%s</Code><Message>of the proxy</Message></Error>'
PAGE = b'<html><body><h1>Welcome</h1></body></html>'
STALL_S = 20  # longer than any client of the tests waits


class Gone(Exception):
    """The other side has closed the connection."""


def receive_until(sock, data, enough):
    while not enough(data):
        more = sock.recv(65536)
        if not more:
            raise Gone()
        data += more
    return data


def header(head, name):
    for line in head.split(b'\r\n')[1:]:
        key, _, value = line.partition(b':')
        if key.strip().lower() == name:
            return value.strip()
    return None


def receive(sock, data):
    """One request: (head, body, what came behind it)."""
    data = receive_until(sock, data, lambda d: b'\r\n\r\n' in d)
    head, _, rest = data.partition(b'\r\n\r\n')
    if (header(head, b'expect') or b'').lower() == b'100-continue':
        sock.sendall(b'HTTP/1.1 100 Continue\r\n\r\n')
    length = int(header(head, b'content-length') or 0)
    rest = receive_until(sock, rest, lambda d: len(d) >= length)
    return head, rest[:length], rest[length:]


def answer(status, body, kind='application/xml', more=''):
    head = 'HTTP/1.1 %s\r\nContent-Type: %s\r\nContent-Length: %d%s' % (status, kind, len(body), more)
    return head.encode(), body


def error(status, code, more=''):
    return answer(status, (ERROR % code).encode(), more=more)


class Proxy:
    # Of these the request is not carried out.
    BEFORE = {
        'error': lambda: error('500 Internal Server Error', 'InternalError'),
        'slow-down': lambda: error('503 Slow Down', 'SlowDown', '\r\nRetry-After: 1'),
        'gateway': lambda: answer('502 Bad Gateway', PAGE, 'text/html'),
        'page': lambda: answer('200 OK', PAGE, 'text/html'),
        'nothing': lambda: answer('200 OK', b''),
        'not-found': lambda: answer('404 Not Found', PAGE, 'text/html'),
        'refused': None,
    }
    # Of these it is.
    AFTER = ['lost', 'lost-error', 'cut', 'cut-head', 'short', 'stall', 'flip', 'twice', 'again', 'previous', 'late']

    def __init__(self, seed, upstream, fault=None, requests=''):
        self.upstream = upstream
        self.always = fault
        self.requests = re.compile(requests)
        self.random = random.Random(seed)
        self.lock = threading.Lock()
        self.previous = {}
        self.kept = None
        self.rate = self.random.choice([0.05, 0.15, 0.3, 0.5])
        every = sorted(self.BEFORE) + self.AFTER
        self.faults = self.random.sample(every, self.random.choice([1, 3, len(every)]))
        print('rate', self.rate, *self.faults, flush=True)

    def choose(self, request):
        if self.always:
            return self.always if self.requests.match(request) else None
        with self.lock:
            return self.random.choice(self.faults) if self.random.random() < self.rate else None

    def ask(self, head, body):
        """The server's answer, its body with a length announced."""
        with socket.create_connection(('127.0.0.1', self.upstream)) as sock:
            sock.sendall(head + b'\r\n\r\n' + body)
            reply = http.client.HTTPResponse(sock, method=head.split(b' ')[0].decode())
            reply.begin()
            content = reply.read()
        lines = ['HTTP/1.1 %d %s' % (reply.status, reply.reason)]
        lines += ['%s: %s' % pair for pair in reply.getheaders() if pair[0] != 'Transfer-Encoding']
        if reply.getheader('Content-Length') is None:
            lines.append('Content-Length: %d' % len(content))
        return '\r\n'.join(lines).encode('latin-1'), content

    def cross(self, client, head, body):
        path = head.split(b' ')[1].split(b'?')[0]
        if self.kept and self.kept[0] != path:
            got, content = self.kept[1:]
            self.always = None
            return self.send_spoilt('', client, got, content)
        self.kept = (path, *self.ask(head, body))
        return reset(client)

    def spoil(self, fault, client, head, body):
        """Sends what comes of a request; False: the connection is to be closed."""
        if fault and fault.startswith('bare-'):
            client.sendall(b'HTTP/1.1 %s of the proxy\r\nContent-Length: 0\r\n\r\n' % fault[5:].encode())
            return True
        if fault and fault.startswith('wait-'):
            seconds = int(fault.split('-')[-1])
            when = email.utils.formatdate(time.time() + seconds, usegmt=True) if 'until' in fault else str(seconds)
            got, content = error('503 Slow Down', 'SlowDown', '\r\nRetry-After: ' + when)
            client.sendall(got + b'\r\n\r\n' + content)
            return True
        if fault == 'crossed':
            return self.cross(client, head, body)
        if fault in self.BEFORE:
            made = self.BEFORE[fault]
            if made is None:
                return reset(client)
            got, content = made()
            client.sendall(got + b'\r\n\r\n' + (b'' if head.startswith(b'HEAD') else content))
            return True
        got, content = self.ask(head, body)
        if fault == 'again':
            got, content = self.ask(head, body)
        method = head.split(b' ')[0]
        with self.lock:
            before = self.previous.get(method, (got, content))
            self.previous[method] = (got, content)
        if fault == 'previous':
            got, content = before
        return self.send_spoilt(fault, client, got, content)

    def send_spoilt(self, fault, client, got, content):
        if fault == 'lost':
            return reset(client)
        if fault == 'lost-error':
            got, content = error('500 Internal Server Error', 'InternalError')
        if fault == 'late':
            time.sleep(0.3)
        if fault == 'short' and content:
            content = content[:len(content) // 2]
            got = b'\r\n'.join(b'Content-Length: %d' % len(content) if line.lower().startswith(b'content-length:') else line
                               for line in got.split(b'\r\n'))
        if fault == 'flip' and content and header(got, b'etag'):
            content = content[:-1] + bytes([content[-1] ^ 1])
        whole = got + b'\r\n\r\n' + content
        if fault == 'cut-head':
            whole = whole[:len(got) // 2]
        if fault in ('cut', 'stall'):
            whole = whole[:len(got) + 4 + len(content) // 2] if content else whole[:-3]
        client.sendall(whole)
        if fault == 'twice':
            client.sendall(whole)
        if fault == 'stall':
            client.settimeout(STALL_S)
            client.recv(1)
        return fault not in ('cut', 'cut-head', 'stall')

    def serve(self, client):
        rest, open_still = b'', True
        try:
            while open_still:
                head, body, rest = receive(client, rest)
                request = head.split(b' HTTP')[0].decode()
                fault = self.choose(request)
                if fault:
                    print(fault, request, flush=True)
                open_still = self.spoil(fault, client, head, body)
        except (Gone, OSError, http.client.HTTPException):
            pass
        client.close()


def reset(sock):
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
    return False


def main():
    proxy = Proxy(int(sys.argv[1]), int(sys.argv[2]), *sys.argv[4:])
    listener = socket.create_server(('127.0.0.1', 0))
    with open(sys.argv[3] + '.new', 'w', encoding='ascii') as file:
        file.write('%d\n' % listener.getsockname()[1])
    os.rename(sys.argv[3] + '.new', sys.argv[3])
    while True:
        client, _ = listener.accept()
        with open(sys.argv[3] + '.connections', 'a', encoding='ascii') as file:
            file.write('connection\n')
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        threading.Thread(target=proxy.serve, args=(client,), daemon=True).start()


main()
