package org.milena.persistence;

import jakarta.persistence.Column;
import jakarta.persistence.Entity;
import jakarta.persistence.Id;
import jakarta.persistence.Table;

/** The one row that names the cluster. */
@Entity
@Table(name = "milena_cluster")
public class Cluster {

    static final int ONLY = 1;

    @Id
    private int id = ONLY;

    @Column(name = "cluster_id", nullable = false, length = 64)
    private String clusterId;

    protected Cluster() {
    }

    Cluster(String clusterId) {
        this.clusterId = clusterId;
    }

    public String getClusterId() {
        return clusterId;
    }
}
