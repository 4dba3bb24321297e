"""What a service says about itself on /metrics. One registry a service, so that several may live in one process."""

from collections.abc import Iterable

from prometheus_client import CollectorRegistry, Counter, Gauge, GCCollector, Histogram, ProcessCollector

# From a hash lookup to a page capture.
HANDLER_BUCKETS = (0.001, 0.005, 0.02, 0.1, 0.5, 2.0, 10.0, 30.0, 120.0)
CALL_BUCKETS = (0.005, 0.02, 0.1, 0.5, 2.5, 10.0, 30.0)  # from a transaction to a page that comes slowly
WAIT_BUCKETS = (0.05, 0.2, 1.0, 5.0, 15.0, 60.0, 300.0, 1800.0, 7200.0)
REQUEST_BUCKETS = (0.025, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)
# From seconds (a draft) over hours (an operator's answer) to the month after which a removal is no success any more.
# Every limit of `deploy/observability/slos.toml` is one of them: what lies between two cannot be counted.
STAGE_BUCKETS = (0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 120.0, 900.0, 3600.0, 21600.0, 86400.0, 259200.0, 604800.0, 2592000.0)


class Metrics:
    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.handled = self._count("haetae_records_handled", "Records handled or known to be handled before", "topic")
        self.failed = self._count("haetae_records_failed", "Attempts to handle a record that failed", "topic")
        self.retries = self._count("haetae_retries", "Attempts to come, after a backoff", "topic")
        self.dead = self._count("haetae_records_dead", "Records put aside as dead letters", "topic")
        self.commit_failures = self._count("haetae_commit_failures", "Offset commits that failed", "group")
        self.relayed = self._count("haetae_outbox_published", "Outbox rows brought to the broker")
        self.seconds = self._histogram(
            "haetae_handler_seconds",
            "Time of one handler call: a record in the case lane, a batch in the hot lane",
            HANDLER_BUCKETS,
            "topic",
        )
        self.lag = self._gauge("haetae_lag", "Records not handled yet", "topic", "partition")
        self.waited = self._histogram(
            "haetae_event_wait_seconds", "How old events are when their handler begins", WAIT_BUCKETS, "topic"
        )
        self.stages = self._histogram(
            "haetae_stage_seconds", "How long cases took from one stage to another", STAGE_BUCKETS, "stage"
        )
        self.calls = self._histogram(
            "haetae_call_seconds", "Calls to somebody else, by who was called", CALL_BUCKETS, "to", "outcome"
        )
        self.requests = self._histogram(
            "haetae_http_request_seconds", "Requests answered", REQUEST_BUCKETS, "method", "route", "status"
        )
        self.idle = self._gauge("haetae_loop_idle_seconds", "How long ago a loop or a task last turned", "loop")
        self.info = self._gauge("haetae_service_info", "Always 1; what runs here", "component", "version")
        self.rules = self._count("haetae_rule_effects", "Findings that a rule held for or changes", "rule", "effect")
        self.text_model = self._gauge("haetae_text_model", "Version of the text model by its part; 0: none", "part")
        self.verdicts = self._gauge("haetae_verdicts", "Verdicts that the text model may learn from", "label")
        self.differing = self._gauge("haetae_differing", "Share of texts that the model on trial judges otherwise")
        self.drift = self._gauge("haetae_drift", "What is read today beside the days before; above 1 alarms", "what")
        self.evidence_due = self._gauge("haetae_evidence_due", "Cases past their retention, still kept")
        self.orders_waiting = self._gauge("haetae_orders_waiting", "Orders about evidence not carried out yet")
        self.stamps_owed = self._gauge("haetae_stamps_owed", "Time stamps that an authority owes", "authority")
        self.notices = self._gauge("haetae_notices", "Approved notices not sent yet, by where they are", "state")
        self.clocks = self._gauge("haetae_clocks", "Deadlines of sent notices whose content is still there", "state")
        self.steps_overdue = self._gauge("haetae_steps_overdue", "Cases whose next step is more than 5 minutes late")
        self.open_ends = self._gauge("haetae_open_ends", "Notices with neither end nor next step, as of last night")
        self.mails = self._count("haetae_mails", "Mails of the agency's mailbox, by what became of them", "outcome")
        self.mailbox_read = self._gauge(
            "haetae_mailbox_read_timestamp_seconds", "When the agency's mailbox was read, Unix time; 0: never"
        )
        self.mails_unmatched = self._gauge("haetae_mails_unmatched", "Mails that nobody assigned to a case yet")
        self.history_waiting = self._gauge("haetae_history_waiting", "Lines of the history not in its tree yet")
        self.history_broken = self._gauge("haetae_history_broken", "Checks that find the history wrong; above 0 alarms")
        self.history_unstamped = self._gauge("haetae_history_stamp_overdue_seconds", "Since when a stamp is due")
        self.history_elsewhen = self._gauge("haetae_history_elsewhen", "Lines of months that have no partition")
        self.webhooks = self._gauge("haetae_webhooks", "Webhooks that have not ended, by how they are", "state")
        self.outbox_waiting = self._gauge("haetae_outbox_waiting", "Outbox rows that wait for the broker")
        self.outbox_oldest = self._gauge("haetae_outbox_oldest_seconds", "Age of the oldest row that waits")

        # Memory, processor time, open files; Python's collector. On Linux, of the whole process.
        ProcessCollector(registry=self.registry)
        GCCollector(registry=self.registry)

    def expect(self, topics: Iterable[str]) -> None:
        """What is counted by topic is there from the beginning: a series that begins with its first record has no
        increase, and nobody would hear of the first dead letter."""
        for topic in topics:
            for counter in (self.handled, self.failed, self.retries, self.dead):
                counter.labels(topic)

    def _count(self, name: str, text: str, *labels: str) -> Counter:
        return Counter(name, text, labels, registry=self.registry)

    def _gauge(self, name: str, text: str, *labels: str) -> Gauge:
        return Gauge(name, text, labels, registry=self.registry)

    def _histogram(self, name: str, text: str, buckets: tuple[float, ...], *labels: str) -> Histogram:
        return Histogram(name, text, labels, buckets=buckets, registry=self.registry)
