// Reads the public events of a Haetae: each once, each case in order, from where it stopped (docs/subscribers.md).
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.WakeupException;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

public final class Consumer {
  private static final Set<String> KNOWN =
      Set.of("case.changed.v1", "alert.raised.v1", "referral.made.v1", "audit.head-signed.v1");
  private static final Path JOURNAL = Path.of(env("HAETAE_JOURNAL", "journal.jsonl"));
  private static final Set<String> handled = new HashSet<>();
  private static final Set<String> aside = new HashSet<>();

  public static void main(String[] args) throws Exception {
    remember();
    try (KafkaConsumer<byte[], byte[]> consumer = new KafkaConsumer<>(settings())) {
      Thread main = Thread.currentThread();
      Runtime.getRuntime().addShutdownHook(new Thread(() -> stop(consumer, main)));
      consumer.subscribe(List.of(env("HAETAE_TOPICS", "case.events").split(",")));
      while (true) {
        for (ConsumerRecord<byte[], byte[]> record : consumer.poll(Duration.ofMillis(500))) {
          handle(record);
          TopicPartition at = new TopicPartition(record.topic(), record.partition());
          consumer.commitSync(Map.of(at, new OffsetAndMetadata(record.offset() + 1)));
        }
      }
    } catch (WakeupException told) {
      // SIGTERM: what was in hand is handled and committed.
    }
  }

  private static void handle(ConsumerRecord<byte[], byte[]> record) throws IOException {
    String id = header(record, "ce_id"), type = header(record, "ce_type");
    if (id == null || type == null || record.value() == null) {
      putAside(record, "it is no CloudEvent");
      return;
    }
    if (!KNOWN.contains(type)) {
      putAside(record, "type " + type + " is unknown");
      return;
    }
    if (handled.contains(id)) return;
    String data = new String(record.value(), StandardCharsets.UTF_8).replaceAll("\\R", " ").strip();
    // Read it with the JSON library of your choice; what that refuses is put aside too.
    if (!data.startsWith("{") || !data.endsWith("}") || data.indexOf('\uFFFD') >= 0) {
      putAside(record, "its value is no JSON");
      return;
    }
    // Your work goes here. Fields and words that you do not know are no error.
    String key = record.key() == null ? "" : new String(record.key(), StandardCharsets.UTF_8);
    write("{\"id\":" + quoted(id) + ",\"type\":" + quoted(type) + ",\"key\":" + quoted(key) + ",\"data\":" + data + "}");
    handled.add(id);
  }

  private static void putAside(ConsumerRecord<byte[], byte[]> record, String why) throws IOException {
    String of = "\"topic\":" + quoted(record.topic()) + ",\"partition\":" + record.partition();
    String place = of + ",\"offset\":" + record.offset();
    if (aside.add(place)) write("{\"aside\":" + quoted(why) + "," + place + "}");
  }

  /** The journal stands for your database: what was done and the memory of it are one line, written at once. */
  private static void write(String line) throws IOException {
    byte[] bytes = (line + "\n").getBytes(StandardCharsets.UTF_8);
    Files.write(JOURNAL, bytes, StandardOpenOption.CREATE, StandardOpenOption.APPEND, StandardOpenOption.DSYNC);
  }

  private static void remember() throws IOException {
    if (!Files.exists(JOURNAL)) return;
    Pattern id = Pattern.compile("^\\{\"id\":\"([^\"]*)\""), place = Pattern.compile("\"topic\":.*(?=}$)");
    for (String line : Files.readAllLines(JOURNAL)) {
      Matcher one = id.matcher(line), other = place.matcher(line);
      if (one.find()) handled.add(one.group(1));
      else if (other.find()) aside.add(other.group());
    }
  }

  private static Properties settings() {
    Properties settings = new Properties();
    settings.put("bootstrap.servers", env("HAETAE_KAFKA_BOOTSTRAP", "localhost:9092"));
    settings.put("group.id", env("HAETAE_GROUP", "agency-example.cases"));
    settings.put("enable.auto.commit", "false");
    settings.put("auto.offset.reset", "earliest");
    settings.put("session.timeout.ms", "6000");
    settings.put("heartbeat.interval.ms", "2000");
    settings.put("key.deserializer", ByteArrayDeserializer.class.getName());
    settings.put("value.deserializer", ByteArrayDeserializer.class.getName());
    if (env("HAETAE_KAFKA_SECURITY", "plaintext").equals("plaintext")) return settings;
    settings.put("security.protocol", "SASL_SSL");
    settings.put("sasl.mechanism", "SCRAM-SHA-512");
    String login = "org.apache.kafka.common.security.scram.ScramLoginModule required username=%s password=%s;";
    String user = quoted(env("HAETAE_KAFKA_USER", "")), password = quoted(env("HAETAE_KAFKA_PASSWORD", ""));
    settings.put("sasl.jaas.config", login.formatted(user, password));
    if (System.getenv("HAETAE_KAFKA_CA_FILE") != null) {
      settings.put("ssl.truststore.type", "PEM");
      settings.put("ssl.truststore.location", System.getenv("HAETAE_KAFKA_CA_FILE"));
    }
    return settings;
  }

  private static void stop(KafkaConsumer<byte[], byte[]> consumer, Thread main) {
    consumer.wakeup();
    try {
      main.join(10_000);
    } catch (InterruptedException gone) {
      Thread.currentThread().interrupt();
    }
  }

  private static String header(ConsumerRecord<byte[], byte[]> record, String name) {
    Header header = record.headers().lastHeader(name);
    return header == null || header.value() == null ? null : new String(header.value(), StandardCharsets.UTF_8);
  }

  private static String quoted(String text) {
    return "\"" + text.replace("\\", "\\\\").replace("\"", "\\\"").replaceAll("\\p{Cntrl}", " ") + "\"";
  }

  private static String env(String name, String otherwise) {
    return System.getenv().getOrDefault(name, otherwise);
  }
}
