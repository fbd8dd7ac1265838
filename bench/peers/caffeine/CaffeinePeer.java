// Caffeine behind the harness of bench/peers: reads a task a line from standard input, answers with a line of figures.
//
//   open a100k | a1m | hot | b | c | erase     makes a cache and fills it, as SubjectOf::open does
//   run WORKLOAD THREADS SECONDS TIMED         nanoseconds wall clean hits p50 p99 p999
//   memory                                     bytes for each of a million entries, by the heap in use
//   close
//
// usage: CaffeinePeer FOLDER, with the streams that stream.cpp has written there. The streams, keys and batches are those
// of stream.hpp and measure.hpp. Keys are strings that exist, with the hash that they keep; a batch is clean if its thread
// had the core for nine tenths of it.
import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.atomic.AtomicLongArray;

public final class CaffeinePeer {
  static final int FEW = 100_000;
  static final int MANY = 1_000_000;
  static final int BATCH = 1_024;
  static final int OPERATION_BYTES = 32;
  static final int PACE_STRIDE = 32; // counters of two threads far apart

  /// A stream: which keys, and which of them are put.
  record Stream(int[] ids, boolean[] puts) {}

  /// What one thread saw.
  static final class Sample {
    double[] nanoseconds = new double[100_000];
    int clean;
    long batches;
    long reads;
    long hits;
    double seconds;
    long[] latencies = new long[0];
    int timed;
    long words; // of the values read, so that reading them is not in vain
  }

  static final String[] keys = new String[MANY];
  static final Stream[] few = new Stream[2];
  static final Stream[] many = new Stream[2];
  static final AtomicLongArray pace = new AtomicLongArray(2 * PACE_STRIDE);
  static final com.sun.management.ThreadMXBean threads =
      (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();
  static final int[] places = new int[2];
  static Cache<String, long[]> cache;
  static long erased;

  static Stream read(Path folder, String name) throws Exception {
    ByteBuffer bytes =
        ByteBuffer.wrap(Files.readAllBytes(folder.resolve(name))).order(ByteOrder.LITTLE_ENDIAN);
    int count = bytes.capacity() / OPERATION_BYTES;
    Stream stream = new Stream(new int[count], new boolean[count]);
    for (int i = 0; i < count; i++) {
      stream.ids[i] = bytes.getInt(i * OPERATION_BYTES);
      stream.puts[i] = bytes.get(i * OPERATION_BYTES + 5) != 0;
    }
    return stream;
  }

  static long scrambled(long number) {
    number += 0x9E3779B97F4A7C15L;
    number = (number ^ (number >>> 30)) * 0xBF58476D1CE4E5B9L;
    number = (number ^ (number >>> 27)) * 0x94D049BB133111EBL;
    return number ^ (number >>> 31);
  }

  static String key(int id) {
    long tail = scrambled(id);
    String text = "u:" + String.format("%08x%016x", id * (int) 2654435761L, tail);
    int length = 16 + (int) Long.remainderUnsigned(tail >>> 7, 9);
    return new String(text.substring(0, length).getBytes(StandardCharsets.ISO_8859_1),
        StandardCharsets.ISO_8859_1);
  }

  static long[] value() {
    return new long[] {1, 1, 2, 3, 4, 5, 6, 1};
  }

  static void fill(int entries) {
    cache = Caffeine.newBuilder().maximumSize(entries + entries * 3L / 10).build();
    for (int i = 0; i < entries; i++) cache.put(keys[i], value());
    cache.cleanUp();
  }

  static boolean get(Sample sample, String key) {
    long[] found = cache.getIfPresent(key);
    sample.reads++;
    if (found == null) return false;
    sample.hits++;
    sample.words += found[0] + found[7];
    return true;
  }

  static void step(String workload, Sample sample, Stream stream, int place) {
    String key = keys[stream.ids[place]];
    switch (workload) {
      case "b" -> {
        if (!get(sample, key)) cache.put(key, value());
      }
      case "c" -> {
        if (stream.puts[place]) cache.put(key, value());
        else get(sample, key);
      }
      case "hot" -> get(sample, keys[4_711]);
      default -> get(sample, key);
    }
  }

  static void batch(String workload, Sample sample, Stream stream, int thread, boolean timed) {
    int place = places[thread];
    for (int i = 0; i < BATCH; i++) {
      if (timed) {
        long began = System.nanoTime();
        step(workload, sample, stream, place);
        sample.latencies[sample.timed++] = System.nanoTime() - began;
      } else {
        step(workload, sample, stream, place);
      }
      if (++place == stream.ids.length) place = 0;
    }
    places[thread] = place;
  }

  static void batches(String workload, Sample sample, int thread, int count, double seconds, boolean timed) {
    Stream stream = (workload.equals("a100k") ? few : many)[thread];
    if (timed) sample.latencies = new long[4_000_000];
    long began = System.nanoTime();
    long end = began + (long) (seconds * 1e9);
    long others = 0;
    for (long now = began; now < end; ) {
      int timedBefore = sample.timed;
      if (timed && timedBefore + BATCH > sample.latencies.length) break;
      long had = threads.getCurrentThreadCpuTime();
      long start = System.nanoTime();
      batch(workload, sample, stream, thread, timed);
      now = System.nanoTime();
      sample.batches++;
      pace.lazySet(thread * PACE_STRIDE, sample.batches);
      boolean clean = threads.getCurrentThreadCpuTime() - had > 0.9 * (now - start);
      if (count == 2) {
        long othersNow = pace.get((1 - thread) * PACE_STRIDE);
        clean = clean && othersNow - others >= 1 && othersNow - others <= 3;
        others = othersNow;
      }
      if (clean && sample.clean < sample.nanoseconds.length)
        sample.nanoseconds[sample.clean++] = (now - start) / (double) BATCH;
      if (!clean) sample.timed = timedBefore;
    }
    sample.seconds = (System.nanoTime() - began) / 1e9;
  }

  static Sample[] run(String workload, int count, double seconds, boolean timed) throws Exception {
    Sample[] samples = new Sample[count];
    Thread[] running = new Thread[count];
    CyclicBarrier all = new CyclicBarrier(count);
    for (int i = 0; i < count; i++) {
      int thread = i;
      pace.set(thread * PACE_STRIDE, 0);
      samples[thread] = new Sample();
      running[thread] = new Thread(() -> {
        try {
          all.await();
        } catch (Exception interrupted) {
          return;
        }
        batches(workload, samples[thread], thread, count, seconds, timed);
      });
      running[thread].start();
    }
    for (Thread thread : running) thread.join();
    return samples;
  }

  static Sample[] erase() {
    String[] some = new String[FEW / BATCH * BATCH];
    for (int i = 0; i < some.length; i++)
      some[i] = keys[(int) (erased++ * 9_999_991L % MANY)];
    Sample sample = new Sample();
    for (int place = 0; place < some.length; place += BATCH) {
      long had = threads.getCurrentThreadCpuTime();
      long start = System.nanoTime();
      for (int i = 0; i < BATCH; i++) cache.invalidate(some[place + i]);
      long took = System.nanoTime() - start;
      sample.batches++;
      sample.seconds += took / 1e9;
      if (threads.getCurrentThreadCpuTime() - had > 0.9 * took)
        sample.nanoseconds[sample.clean++] = took / (double) BATCH;
    }
    for (String key : some) cache.put(key, value());
    cache.cleanUp();
    return new Sample[] {sample};
  }

  static double at(double[] sorted, double share) {
    if (sorted.length == 0) return Double.NaN;
    return sorted[Math.min(sorted.length - 1, (int) (sorted.length * share))];
  }

  static String line(Sample[] samples) {
    double[] clean = Arrays.stream(samples)
        .flatMapToDouble(sample -> Arrays.stream(sample.nanoseconds, 0, sample.clean)).sorted().toArray();
    double[] timed = Arrays.stream(samples)
        .flatMapToDouble(sample -> Arrays.stream(sample.latencies, 0, sample.timed).asDoubleStream()).sorted().toArray();
    double batches = Arrays.stream(samples).mapToDouble(sample -> sample.batches).sum();
    double reads = Arrays.stream(samples).mapToDouble(sample -> sample.reads).sum();
    double hits = Arrays.stream(samples).mapToDouble(sample -> sample.hits).sum();
    double seconds = Arrays.stream(samples).mapToDouble(sample -> sample.seconds).sum();
    return String.format(Locale.ROOT, "%f %f %f %f %f %f %f", at(clean, 0.5), seconds * 1e9 / batches / BATCH,
        clean.length / batches, hits / reads, at(timed, 0.5), at(timed, 0.99), at(timed, 0.999)).replace("NaN", "nan");
  }

  static void open(String workload) throws Exception {
    if (workload.equals("b") || workload.equals("c")) {
      cache = Caffeine.newBuilder().maximumSize(FEW).build();
      int length = many[0].ids.length;
      for (int i = 0; i < length / 3; i++) step("b", new Sample(), many[0], i);
      places[0] = length / 3;
      places[1] = length / 2;
    } else {
      fill(workload.equals("a100k") || workload.equals("hot") ? FEW : MANY);
      places[0] = 0;
      places[1] = many[0].ids.length / 2;
    }
    if (!workload.equals("erase")) run(workload, 1, 1.0, false); // until it is compiled
  }

  static double heapInUse() throws Exception {
    for (int i = 0; i < 3; i++) {
      System.gc();
      Thread.sleep(50);
    }
    Runtime runtime = Runtime.getRuntime();
    return runtime.totalMemory() - runtime.freeMemory();
  }

  /// The keys are made anew, as they are part of what an entry takes.
  static double memory() throws Exception {
    cache = null;
    Arrays.fill(keys, null);
    double before = heapInUse();
    for (int i = 0; i < MANY; i++) keys[i] = key(i);
    fill(MANY);
    return (heapInUse() - before) / MANY;
  }

  public static void main(String[] arguments) throws Exception {
    Path folder = Path.of(arguments[0]);
    for (int thread = 0; thread < 2; thread++) {
      few[thread] = read(folder, "few" + thread + ".bin");
      many[thread] = read(folder, "many" + thread + ".bin");
    }
    for (int i = 0; i < MANY; i++) keys[i] = key(i);
    BufferedReader tasks = new BufferedReader(new InputStreamReader(System.in));
    for (String text; (text = tasks.readLine()) != null; ) {
      String[] words = text.split(" ");
      switch (words[0]) {
        case "open" -> {
          open(words[1]);
          System.out.println("done");
        }
        case "run" -> System.out.println(line(words[1].equals("erase") ? erase()
            : run(words[1], Integer.parseInt(words[2]), Double.parseDouble(words[3]), words[4].equals("1"))));
        case "memory" -> System.out.println(String.format(Locale.ROOT, "%f", memory()));
        default -> {
          cache = null;
          System.gc();
          System.out.println("done");
        }
      }
      System.out.flush();
    }
    System.exit(0);
  }
}
