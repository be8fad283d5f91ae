package org.milena.broker.group.consumer;

import com.google.re2j.Pattern;
import com.google.re2j.PatternSyntaxException;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import org.apache.kafka.common.errors.InvalidRegularExpression;
import org.milena.broker.cache.MetadataImage;

/**
 * Finds the topics that match subscribed regular expressions (RE2/J: linear time, whatever the expression). Shared by the shards
 * of a broker: groups that subscribe to the same expression share one resolution per set of topics. Thread-safe.
 */
public final class RegexResolver {

    private static final int CACHED = 1_000;

    private final Executor executor;
    private final Map<String, Cached> cache = new LinkedHashMap<>(16, 0.75f, true) {
        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Cached> eldest) {
            return size() > CACHED;
        }
    };

    private record Cached(Set<String> among, Set<String> topics) {
    }

    /** @param executor where expressions are matched: not a shard's own */
    public RegexResolver(Executor executor) {
        this.executor = executor;
    }

    /** @throws InvalidRegularExpression RE2/J cannot read it */
    static Pattern compile(String regex) {
        try {
            return Pattern.compile(regex);
        } catch (PatternSyntaxException e) {
            throw new InvalidRegularExpression("SubscribedTopicRegex `" + regex + "` is not a valid regular expression: " + e.getDescription() + ".");
        }
    }

    /** The names, of all topics of the image, that match as a whole, for each expression; one that cannot be read matches none. */
    CompletableFuture<Map<String, Set<String>>> resolve(Set<String> regexes, MetadataImage image) {
        return CompletableFuture.supplyAsync(() -> {
            Set<String> among = image.topicsByName().keySet();
            Map<String, Set<String>> resolved = new HashMap<>();
            regexes.forEach(regex -> resolved.put(regex, resolve(regex, among)));
            return resolved;
        }, executor);
    }

    private Set<String> resolve(String regex, Set<String> among) {
        synchronized (cache) {
            Cached known = cache.get(regex);
            if (known != null && known.among().equals(among)) {
                return known.topics();
            }
        }
        Set<String> topics = match(regex, among);
        synchronized (cache) {
            cache.put(regex, new Cached(Set.copyOf(among), topics));
        }
        return topics;
    }

    private static Set<String> match(String regex, Set<String> among) {
        Set<String> topics = new TreeSet<>();
        try {
            Pattern pattern = compile(regex);
            for (String topic : among) {
                if (pattern.matcher(topic).matches()) {
                    topics.add(topic);
                }
            }
        } catch (InvalidRegularExpression e) {
            return Set.of();
        }
        return topics;
    }
}
