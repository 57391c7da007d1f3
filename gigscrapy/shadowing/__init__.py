"""gig-benchmark and gigscrapy side by side: where the two differ, and why.

:mod:`.reading` brings what each has, of databases or of captured messages, to one form; :mod:`.comparing` is pure and
classes each difference. Nothing of gig-benchmark's is changed: its database is only read, and its messages are read as
copies (:mod:`gigscrapy.broker.rabbitmq.copies`), never taken from its queue.
"""
